//! The headers under which things are found in the lists of this field, French and English.

use sanu_schemas::slug;

use super::columns::Column;

/// How well a header tells a column: 0 is best; `None` when it does not.
pub(super) fn rank(column: Column, header: &str) -> Option<usize> {
    let header = folded(header);
    names(column).iter().position(|name| *name == header)
}

/// A header without case, accents and punctuation: `Nom du père` and `nom_du_pere` are one.
pub(super) fn folded(header: &str) -> String {
    slug(header)
}

/// Folded headers, the surest first.
fn names(column: Column) -> &'static [&'static str] {
    match column {
        Column::RecordId => &[
            "record_id",
            "rec_id",
            "registration_id",
            "id_enregistrement",
            "entity_id",
            "instance_id",
            "identifiant",
            "id",
            "uuid",
            "unique_id",
            "code",
            "matricule",
            "numero",
            "num",
            "no",
            "n",
        ],
        Column::Kind => &["kind", "register", "registre", "type_personne"],
        Column::Given => &[
            "prenom",
            "prenoms",
            "given_names",
            "given_name",
            "given",
            "first_name",
            "firstname",
            "first_names",
            "forename",
            "prenom_s",
        ],
        Column::Surname => &[
            "nom",
            "surname",
            "nom_famille",
            "nom_de_famille",
            "last_name",
            "lastname",
            "family_name",
            "jamu",
            "noms",
        ],
        Column::FullName => &[
            "nom_complet",
            "full_name",
            "fullname",
            "nom_et_prenom",
            "nom_et_prenoms",
            "noms_et_prenoms",
            "noms_et_prenom",
            "nom_prenom",
            "nom_prenoms",
            "prenom_et_nom",
            "prenoms_et_nom",
            "prenom_nom",
            "nom_et_prenom_s",
            "name",
        ],
        Column::Alias => &["surnom", "alias", "nickname", "sobriquet", "dit", "surnoms"],
        Column::Sex => &["sexe", "sex", "gender", "genre"],
        Column::Birth => &[
            "date_naissance",
            "date_de_naissance",
            "dob",
            "date_of_birth",
            "birth_date",
            "birthdate",
            "birth",
            "naissance",
            "ne_le",
            "date_naiss",
        ],
        Column::BirthYear => {
            &["annee_naissance", "annee_de_naissance", "birth_year", "year_of_birth", "yob", "by"]
        }
        Column::BirthMonth => {
            &["mois_naissance", "mois_de_naissance", "birth_month", "month_of_birth", "bm"]
        }
        Column::BirthDay => {
            &["jour_naissance", "jour_de_naissance", "birth_day", "day_of_birth", "bd"]
        }
        Column::Age => &["age", "age_years", "age_ans", "age_en_annees"],
        Column::BirthDocument => &["birth_document", "naissance_document", "date_sur_document"],
        Column::BirthPlace => &[
            "village_origine",
            "birth_place",
            "lieu_naissance",
            "lieu_de_naissance",
            "village",
            "village_dorigine",
            "place_of_birth",
            "localite",
            "localite_origine",
            "origine",
            "provenance",
            "suburb",
        ],
        Column::Cercle => &[
            "cercle_origine",
            "cercle",
            "usual_cercle",
            "cercle_dorigine",
            "district",
            "prefecture",
            "postcode",
        ],
        Column::Nationality => &["nationalite", "nationality", "pays", "country", "pays_origine"],
        Column::Phone => &[
            "telephone",
            "phone",
            "tel",
            "phone_number",
            "numero_telephone",
            "numero_de_telephone",
            "contact",
            "telephone_1",
            "n_telephone",
            "n_tel",
            "mobile",
        ],
        Column::Nina => &[
            "nina",
            "numero_nina",
            "n_nina",
            "id_number",
            "id_number_hash",
            "nin",
            "national_id",
            "soc_sec_id",
            "numero_piece",
            "numero_identite",
        ],
        Column::NinaSeen => &["nina_seen", "nina_vu", "piece_vue"],
        Column::Card => &["card_no", "card", "carte", "numero_carte", "n_carte", "miner_card"],
        Column::Site => &["site_code", "site", "site_id", "code_site", "nom_site", "placer"],
        Column::Cooperative => {
            &["cooperative", "coop", "coop_id", "nom_cooperative", "association"]
        }
        Column::Father => &[
            "nom_pere",
            "father",
            "pere",
            "nom_du_pere",
            "father_name",
            "father_given_names",
            "prenom_pere",
            "fils_de",
            "father_full_name",
        ],
        Column::Mother => &[
            "nom_mere",
            "mother",
            "mere",
            "nom_de_la_mere",
            "mother_name",
            "mother_full_name",
            "prenom_mere",
            "nom_prenom_mere",
        ],
        Column::At => &[
            "enregistre_le",
            "registered_at",
            "date_enregistrement",
            "date_denregistrement",
            "submission_time",
            "submitted_at",
            "date_enquete",
            "interview_date",
            "date",
            "today",
            "timestamp",
        ],
        Column::Device => &[
            "appareil",
            "device",
            "device_id",
            "deviceid",
            "enqueteur",
            "enumerator",
            "enumerator_code",
            "agent",
            "agent_recenseur",
        ],
    }
}
