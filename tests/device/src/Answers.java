import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.javarosa.core.model.instance.TreeReference;

/** The answers file: keys are question names, groups may be left out, repeats are arrays of objects. */
final class Answers {
    private final JsonNode root;
    private final Templates templates;

    Answers(JsonNode root, Templates templates) {
        this.root = root;
        this.templates = templates;
    }

    /** The answers to try in turn, templates not yet expanded; empty when the file has none for this question. */
    List<String> tries(TreeReference ref) {
        List<String> tries = new ArrayList<>();
        JsonNode a = find(ref);
        if (a != null && a.isObject() && a.has("$try")) a.get("$try").forEach(t -> tries.add(text(t)));
        else if (a != null && !a.isNull()) tries.add(text(a));
        return tries;
    }

    /** How many instances of a repeat the file asks for, or null when it does not say. */
    Integer repeats(TreeReference ref) {
        JsonNode n = find(ref);
        if (n == null) return null;
        return n.isArray() ? n.size() : n.isObject() ? 1 : Integer.parseInt(templates.expand(n.asText()));
    }

    private JsonNode find(TreeReference ref) {
        JsonNode whole = root.get(ref.genericize().toString(false));
        if (whole != null) return whole;
        JsonNode scope = root;
        for (int i = 1; i < ref.size(); i++) {
            if (scope == null || !scope.isObject()) return null;
            JsonNode here = scope.get(ref.getName(i));
            boolean last = i == ref.size() - 1;
            if (last) return here;
            if (here == null) continue;   // a group name left out
            scope = here.isArray() ? here.get(Math.max(0, ref.getMultiplicity(i))) : here;
        }
        return null;
    }

    private static String text(JsonNode answer) {
        if (!answer.isArray()) return answer.asText();
        List<String> words = new ArrayList<>();
        answer.forEach(w -> words.add(w.asText()));
        return String.join(" ", words);
    }
}
