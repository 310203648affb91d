import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.IDataReference;
import org.javarosa.core.model.SubmissionProfile;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.services.transport.payload.ByteArrayPayload;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XPathReference;

/** Turns the filled tree into what Collect sends: XML, ids, audit log, and the edit of a sent form. */
final class Instance {
    private Instance() {}

    static Filled serialise(FormDef form, Filled into) throws Exception {
        SubmissionProfile profile = form.getSubmissionProfile();
        IDataReference ref = profile == null || profile.getRef() == null ? new XPathReference("/") : profile.getRef();
        if (profile != null) into.submissionUri = profile.getAction();
        ByteArrayPayload payload = (ByteArrayPayload) new XFormSerializingVisitor().createSerializedPayload(form.getInstance(), ref);
        into.xml = payload.getPayloadStream().readAllBytes();
        TreeElement root = form.getInstance().getRoot();
        TreeElement id = child(root.getFirstChild("meta"), "instanceID");
        if (id != null && id.getValue() != null) into.instanceId = id.getValue().getDisplayText();
        into.formId = root.getAttributeValue(null, "id");
        into.version = root.getAttributeValue(null, "version");
        return into;
    }

    /** Same data, a new instanceID, the old one as deprecatedID. */
    static Filled edit(FormDef form, Filled sent) throws Exception {
        TreeElement meta = form.getInstance().getRoot().getFirstChild("meta");
        TreeElement deprecated = child(meta, "deprecatedID");
        if (deprecated == null) {
            deprecated = new TreeElement("deprecatedID");
            deprecated.setNamespace(meta.getNamespace());
            deprecated.setNamespacePrefix(meta.getNamespacePrefix());
            meta.addChild(deprecated);
        }
        deprecated.setValue(new StringData(sent.instanceId));
        child(meta, "instanceID").setValue(new StringData("uuid:" + UUID.randomUUID()));
        Filled edited = new Filled();
        edited.title = sent.title;
        edited.files.putAll(sent.files);
        return serialise(form, edited);
    }

    /** Collect's audit.csv, when the form asks for one. */
    static void addAudit(FormDef form, Filled into) {
        TreeElement audit = child(form.getInstance().getRoot().getFirstChild("meta"), "audit");
        if (audit == null) return;
        long now = System.currentTimeMillis();
        audit.setValue(new StringData("audit.csv"));
        String log = "event,node,start,end,latitude,longitude,accuracy\nform start,," + (now - 60_000) + ",,,,\nform save,," + now
            + ",,,,\nform finalize,," + now + ",,,,\n";
        into.files.put("audit.csv", log.getBytes(StandardCharsets.UTF_8));
    }

    private static TreeElement child(TreeElement parent, String name) {
        return parent == null ? null : parent.getFirstChild(name);
    }
}
