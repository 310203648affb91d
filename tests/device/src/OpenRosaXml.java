import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.javarosa.xform.parse.XFormParser;
import org.kxml2.kdom.Element;
import org.kxml2.kdom.Node;

/** Reads the server's XML answers with every check that Collect makes on them. */
final class OpenRosaXml {
    private OpenRosaXml() {}

    /** The root of an answer that Collect would accept; ns null when it does not look at the namespace. */
    static Element root(Net.Response r, String what, String name, String ns) throws Exception {
        if (r.status() != 200) throw new Fail(what + ": status " + r.status());
        String type = r.header("Content-Type");
        if (type != null && !type.toLowerCase(Locale.ROOT).contains("text/xml"))
            throw new Fail(what + ": Content-Type '" + type + "' is not text/xml (Collect reports a network proxy)");
        if (r.header("X-OpenRosa-Version") == null)
            throw new Fail(what + ": no X-OpenRosa-Version response header (Collect: not an OpenRosa server)");
        Element e = XFormParser.getXMLDocument(new InputStreamReader(new ByteArrayInputStream(r.body()), StandardCharsets.UTF_8)).getRootElement();
        if (!e.getName().equals(name) || ns != null && !ns.equalsIgnoreCase(e.getNamespace()))
            throw new Fail(what + ": root <" + e.getName() + " xmlns=" + e.getNamespace() + ">");
        return e;
    }

    static List<Element> children(Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (int i = 0; i < parent.getChildCount(); i++)
            if (parent.getType(i) == Node.ELEMENT && parent.getElement(i).getName().equals(name)) found.add(parent.getElement(i));
        return found;
    }

    /** The text of the first child of that name, or null. */
    static String text(Element parent, String name) {
        List<Element> found = children(parent, name);
        return found.isEmpty() ? null : XFormParser.getXMLText(found.get(0), true);
    }

    /** A hash element without its md5: prefix, or null. */
    static String md5(Element parent, String what) {
        String h = text(parent, "hash");
        if (h == null) return null;
        if (!h.startsWith("md5:")) throw new Fail(what + ": hash without md5: prefix: " + h);
        return h.substring(4);
    }

    /** The message of an OpenRosaResponse, or null: Collect shows it to the interviewer. */
    static String message(Net.Response r) {
        if (!r.text().contains("OpenRosaResponse")) return null;
        try {
            return text(XFormParser.getXMLDocument(new StringReader(r.text())).getRootElement(), "message");
        } catch (Exception unreadable) {
            return null;
        }
    }
}
