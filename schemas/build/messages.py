"""Constraints that every form shares, and the French sentence an enumerator reads when one fails."""

import re

NONE_IS_ALONE = "not(selected(., 'none') and count-selected(.) > 1)"
FIXED = {
    "regex(., '^[A-Z]{2}[0-9]{3}$')": "Deux lettres et trois chiffres",
    "regex(., '^ORP-[0-9]{7}-[0-9A-Z]$')": "Code de carte invalide",
    "regex(., '^ENF-[0-9]{7}-[0-9A-Z]$')": "Code d'étiquette invalide",
    "regex(., '^[5-9][0-9]{7}$') or regex(., '^[+][0-9]{8,15}$')": (
        "8 chiffres commençant par 5 à 9, ou + et indicatif"
    ),
    "regex(., '.+@.+[.].+')": "Adresse électronique invalide",
    ". <= today()": "La date ne peut pas être dans le futur",
    NONE_IS_ALONE: "« Aucun » exclut les autres réponses",
}
PATTERNS = [
    (r"\. >= (\S+) and \. <= (\d+)", "Entre {0} et {1}"),
    (r"\. >= (\d+)", "Au moins {0}"),
    (r"string-length\(\.\) >= (\d+)", "Au moins {0} lettres"),
    (r"selected-at\(\., 3\) <= (\d+)", "Précision insuffisante ({0} m maximum)"),
]


def constraint(row, lists):
    """The constraint of a question, with « none excludes the rest » where the list has none."""
    own = row.get("c")
    codes = [code for code, _ in lists.get(row.list_name, [])]
    if row.type.startswith("select_multiple ") and "none" in codes and "'none'" not in own:
        return f"({own}) and {NONE_IS_ALONE}" if own else NONE_IS_ALONE
    return own


def message(row, text, labels):
    """The message for the constraint `text` of `row`; `labels` are the questions' labels by name."""
    if row.get("cm") or not text:
        return row.get("cm")
    if text in FIXED:
        return FIXED[text]
    for pattern, sentence in PATTERNS:
        if match := re.fullmatch(pattern, text):
            return sentence.format(*match.groups())
    if match := re.fullmatch(r"\. >= 0 and \. <= \$\{(\w+)\}", text):
        return f"Pas plus que « {labels[match.group(1)]} »"
    if match := re.fullmatch(r"\. != \$\{(\w+)\}", text):
        return f"Différent de « {labels[match.group(1)]} »"
    raise SystemExit(f"{row.name}: no French message for the constraint {text}")
