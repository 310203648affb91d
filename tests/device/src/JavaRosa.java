import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.javarosa.core.model.CoreModelModule;
import org.javarosa.core.model.actions.setgeopoint.SetGeopointAction;
import org.javarosa.core.model.actions.setgeopoint.SetGeopointActionHandler;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceFactory;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.IPropertyManager;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.core.services.PrototypeManager;
import org.javarosa.core.services.properties.IPropertyRules;
import org.javarosa.core.util.JavaRosaCoreModule;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.parse.ExternalInstanceParser;
import org.javarosa.xform.parse.XFormParser;
import org.javarosa.xform.util.XFormUtils;

/** Plugs the phone into JavaRosa, whose registries are global: media, entity lists and properties follow the worker thread. */
final class JavaRosa {
    /** What JavaRosa sees of the phone of this thread; entities is null offline, where the lists are plain files. */
    record Surroundings(EntityStore entities, List<Path> media, Map<String, String> properties) {
        Path file(String name) {
            for (Path folder : media) if (Files.exists(folder.resolve(name))) return folder.resolve(name);
            return media.get(0).resolve(name);
        }
    }

    static final ThreadLocal<Surroundings> HERE =
        ThreadLocal.withInitial(() -> new Surroundings(null, List.of(Path.of(".")), new HashMap<>()));

    private JavaRosa() {}

    static void start() {
        PrototypeManager.registerPrototypes(JavaRosaCoreModule.classNames);
        PrototypeManager.registerPrototypes(CoreModelModule.classNames);
        new XFormsModule().registerModule();
        PropertyManager.setPropertyManager(new PhoneProperties());
        ReferenceManager.instance().addReferenceFactory(new MediaReferences());
        XFormUtils.setExternalInstanceParserFactory(() -> {
            ExternalInstanceParser parser = new ExternalInstanceParser();
            parser.addInstanceProvider(new EntityLists());
            return parser;
        });
        XFormParser.registerActionHandler(SetGeopointActionHandler.ELEMENT_NAME, new SetGeopointActionHandler() {
            @Override public SetGeopointAction getSetGeopointAction() {
                return new FixedPosition();
            }
        });
        PrototypeManager.registerPrototype(FixedPosition.class.getName());
    }

    /** deviceid, username and so on. */
    private static final class PhoneProperties implements IPropertyManager {
        @Override public List<String> getProperty(String name) {
            String v = getSingularProperty(name);
            return v == null ? null : List.of(v);
        }

        @Override public String getSingularProperty(String name) {
            return HERE.get().properties().get(name.toLowerCase(Locale.ROOT));
        }

        @Override public void setProperty(String name, String value) {}

        @Override public void setProperty(String name, List<String> value) {}

        @Override public void addRules(IPropertyRules rules) {}

        @Override public List<IPropertyRules> getRules() {
            return List.of();
        }
    }

    /** jr://file/x, jr://file-csv/x, jr://images/x: the file x of the phone's media folders. */
    private static final class MediaReferences implements ReferenceFactory {
        @Override public boolean derives(String uri) {
            return uri.startsWith("jr://");
        }

        @Override public Reference derive(String uri) {
            return new FileReference(uri, HERE.get().file(uri.substring(uri.indexOf('/', 5) + 1)));
        }

        @Override public Reference derive(String uri, String context) {
            return derive(uri);
        }
    }

    private record FileReference(String uri, Path path) implements Reference {
        @Override public boolean doesBinaryExist() {
            return Files.exists(path);
        }

        @Override public InputStream getStream() throws IOException {
            return Files.newInputStream(path);
        }

        @Override public String getURI() {
            return uri;
        }

        @Override public String getLocalURI() {
            return path.toString();
        }

        @Override public boolean isReadOnly() {
            return true;
        }

        @Override public OutputStream getOutputStream() {
            throw new UnsupportedOperationException();
        }

        @Override public void remove() {}

        @Override public Reference[] probeAlternativeReferences() {
            return new Reference[0];
        }
    }

    /** Entity lists that the phone keeps; a media file of the same name comes first. */
    private static final class EntityLists implements ExternalInstanceParser.InstanceProvider {
        @Override public TreeElement get(String id, String source) {
            return HERE.get().entities().tree(id);
        }

        @Override public boolean isSupported(String id, String source) {
            Surroundings here = HERE.get();
            return here.entities() != null && here.entities().has(id)
                && !Files.exists(here.file(source.substring(source.lastIndexOf('/') + 1)));
        }
    }

    /** A phone that always stands in Bamako. */
    public static final class FixedPosition extends SetGeopointAction {
        public FixedPosition() {
            super();
        }

        public FixedPosition(TreeReference target) {
            super(target);
        }

        @Override public void requestLocationUpdates() {
            saveLocationValue("12.6392 -8.0029 350 5");
        }
    }
}
