import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.kxml2.kdom.Element;

/** One phone: its identity, the forms, media and entity lists it has synchronised. */
final class Phone {
    /** One line of the form list. */
    record Listed(String id, String name, String version, String hash, String downloadUrl, String manifestUrl) {}

    private static final String LIST = "http://openrosa.org/xforms/xformsList", MANIFEST = "http://openrosa.org/xforms/xformsManifest";
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    final Net net;
    final String base, deviceId, user;
    final EntityStore entities = new EntityStore();
    final Path media;
    final Map<String, Listed> listed = new LinkedHashMap<>();
    final Map<String, byte[]> xforms = new HashMap<>();
    private final Map<String, String> mediaHashes = new HashMap<>();

    Phone(Options options, int number) throws Exception {
        base = options.base();
        deviceId = deviceId(new Random(number + (long) options.number("seed", 1)));
        String[] auth = options.text("auth", "").split(":", 2);
        user = auth[0];
        Credentials credentials = options.has("auth") ? new Credentials(auth[0], auth.length > 1 ? auth[1] : "", options.has("allow-basic-http")) : null;
        net = new Net(options, credentials, deviceId);
        media = Files.createTempDirectory("phone-media");
        media.toFile().deleteOnExit();
    }

    private static String deviceId(Random random) {
        StringBuilder id = new StringBuilder("collect:");
        for (int i = 0; i < 16; i++) id.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        return id.toString();
    }

    void readFormList() throws Exception {
        Element root = OpenRosaXml.root(net.get(base + "/formList"), "formList", "xforms", LIST);
        listed.clear();
        for (Element x : OpenRosaXml.children(root, "xform")) {
            String id = OpenRosaXml.text(x, "formID");
            Listed f = new Listed(id, OpenRosaXml.text(x, "name"), OpenRosaXml.text(x, "version"), OpenRosaXml.md5(x, "formList " + id),
                OpenRosaXml.text(x, "downloadUrl"), OpenRosaXml.text(x, "manifestUrl"));
            if (f.id == null || f.name == null || f.downloadUrl == null)
                throw new Fail("formList: xform without formID, name or downloadUrl: Collect drops the WHOLE list");
            if (f.hash == null) throw new Fail("formList " + f.id + ": no hash (Collect refuses the download)");
            listed.put(f.id, f);
        }
    }

    /** Reads the form list and downloads these forms with their media and entity lists. */
    void synchronise(List<String> formIds) throws Exception {
        readFormList();
        for (String id : formIds) {
            Listed f = listed.get(id);
            if (f == null) throw new Fail("form " + id + " is not in formList: " + listed.keySet());
            download(f);
        }
    }

    private void download(Listed f) throws Exception {
        Net.Response r = net.get(f.downloadUrl);
        if (r.status() != 200) throw new Fail("form " + f.id + ": status " + r.status());
        String md5 = Hashes.md5(r.body());
        if (!md5.equals(f.hash)) throw new Fail("form " + f.id + ": md5 of the body " + md5 + " is not the formList hash " + f.hash);
        xforms.put(f.id, r.body());
        if (f.manifestUrl == null) return;
        Element root = OpenRosaXml.root(net.get(f.manifestUrl), "manifest " + f.id, "manifest", MANIFEST);
        for (Element file : OpenRosaXml.children(root, "mediaFile")) mediaFile(f, file);
    }

    private void mediaFile(Listed f, Element file) throws Exception {
        String name = OpenRosaXml.text(file, "filename"), hash = OpenRosaXml.md5(file, "manifest " + f.id);
        String url = OpenRosaXml.text(file, "downloadUrl"), integrity = OpenRosaXml.text(file, "integrityUrl");
        if (name == null || hash == null || url == null)
            throw new Fail("manifest " + f.id + ": mediaFile without filename, hash or downloadUrl");
        String type = file.getAttributeValue(null, "type");
        if (!"entityList".equals(type) && !"approvalEntityList".equals(type)) {
            plainFile(name, hash, url);
            return;
        }
        String list = name.split("\\.csv")[0];
        // the hash of an entity list is an opaque token: Collect does not compare it with the bytes
        if (!entities.isCurrent(list, hash)) entities.fromServer(list, body(name, url), hash, type.startsWith("approval"));
        if (integrity != null) checkIntegrity(list, integrity);
    }

    private void plainFile(String name, String hash, String url) throws Exception {
        if (hash.equals(mediaHashes.get(name))) return;
        byte[] content = body(name, url);
        if (!Hashes.md5(content).equals(hash))
            throw new Fail("media " + name + ": md5 differs from the manifest (Collect would offer an update at every sync)");
        Path saved = media.resolve(Path.of(name).getFileName());
        Files.write(saved, content);
        saved.toFile().deleteOnExit();
        mediaHashes.put(name, hash);
    }

    private byte[] body(String name, String url) throws Exception {
        Net.Response r = net.get(url);
        if (r.status() != 200) throw new Fail("media " + name + ": status " + r.status());
        return r.body();
    }

    /** Asks about entities that exist on this phone alone, and drops those the server has deleted. */
    private void checkIntegrity(String list, String url) throws Exception {
        List<String> offline = entities.offlineIds(list);
        if (offline.isEmpty()) return;
        String query = "id=" + URLEncoder.encode(String.join(",", offline), StandardCharsets.UTF_8);
        Element root = OpenRosaXml.root(net.get(url + (url.contains("?") ? "&" : "?") + query), "integrity " + list, "data", null);
        for (Element all : OpenRosaXml.children(root, "entities"))
            for (Element e : OpenRosaXml.children(all, "entity"))
                if ("true".equals(OpenRosaXml.text(e, "deleted"))) entities.remove(list, e.getAttributeValue(null, "id"));
    }
}
