import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import kotlin.Pair;
import org.javarosa.core.model.DataBinding;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.xform.parse.XFormParser;

/** A form as JavaRosa parsed it, with its entity declarations; good for filling one submission. */
final class XForm {
    private static final String ENTITIES = "http://www.opendatakit.org/xforms/entities";
    private static final Object PARSER = new Object();   // JavaRosa's parser keeps static state

    final FormDef form;
    final Map<String, String> saveTo = new HashMap<>();
    private String entitiesVersion;

    XForm(byte[] xml) throws Exception {
        synchronized (PARSER) {
            XFormParser p = new XFormParser(new InputStreamReader(new ByteArrayInputStream(xml), StandardCharsets.UTF_8));
            p.addModelAttributeProcessor(new Versions());
            p.addBindAttributeProcessor(new SaveTo());
            form = p.parse();
        }
        if (entitiesVersion != null && !entitiesVersion.matches("(2022\\.1|2023\\.1|2024\\.1|2025\\.1).*"))
            throw new IOException("Collect refuses entities-version " + entitiesVersion);
    }

    /** Whether finalised forms change the entity lists on the phone itself. */
    boolean hasOfflineEntities() {
        return entitiesVersion != null && entitiesVersion.matches("(2024|2025)\\.1.*");
    }

    private final class Versions implements XFormParser.ModelAttributeProcessor {
        @Override public Set<Pair<String, String>> getModelAttributes() {
            return Set.of(new Pair<>(ENTITIES, "entities-version"));
        }

        @Override public void processModelAttribute(String name, String value) {
            entitiesVersion = value;
        }
    }

    private final class SaveTo implements XFormParser.BindAttributeProcessor {
        @Override public Set<Pair<String, String>> getBindAttributes() {
            return Set.of(new Pair<>(ENTITIES, "saveto"));
        }

        @Override public void processBindAttribute(String name, String value, DataBinding bind) {
            saveTo.put(((TreeReference) bind.getReference().getReference()).genericize().toString(false), value);
        }
    }
}
