import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Sends submissions like Collect's uploader: HEAD, then one POST per pack of attachments, each with the whole XML. */
final class Sender {
    private static final long DEFAULT_LENGTH = 10_000_000;
    private static final int MOST_FILES = 101;

    private final Phone phone;
    private final Options options;
    private final Proof proof;
    private final Map<String, String> moved = new HashMap<>();   // only a Location answer spares the next HEAD
    private long acceptLength;
    int posts;

    Sender(Phone phone, Options options, Proof proof) {
        this.phone = phone;
        this.options = options;
        this.proof = proof;
    }

    /** Returns what the server said, or fails with what Collect would show. */
    Receipt send(Filled f) throws Exception {
        List<Integer> statuses = new ArrayList<>();
        String message = null;
        try {
            String url = target(f);
            String name = fileName(f.title);
            List<List<String>> packs = packs(f);
            for (int i = 0; i < packs.size(); i++) {
                Multipart body = pack(f, name, packs.get(i), i + 1 < packs.size());
                byte[] bytes = body.done();
                if (options.has("dump-dir")) Files.write(Path.of(options.text("dump-dir")).resolve(f.bareId() + "-" + i + ".multipart"), bytes);
                statuses.add(0);
                message = null;
                if (i == options.number("stop-after-parts", -1)) {
                    phone.net.cut(url, body.type(), bytes);
                    throw new Fail.Cut("connection dropped after " + i + " of " + packs.size() + " posts of " + f.instanceId);
                }
                Net.Response r = phone.net.post(url, body.type(), bytes);
                posts++;
                statuses.set(i, r.status());
                message = OpenRosaXml.message(r);
                if (r.status() != 201 && r.status() != 202) throw new Fail("POST submission: " + r.status() + refusal(r, message));
            }
        } finally {
            proof.write(phone.deviceId, f, new Receipt(statuses, message));
        }
        return new Receipt(statuses, message);
    }

    private static String refusal(Net.Response r, String message) {
        return message != null ? " message: " + message : " body: " + r.text().substring(0, Math.min(200, r.text().length()));
    }

    /** The address to post to, after the HEAD that Collect makes; sets the accepted length as a side result of it. */
    private String target(Filled f) throws Exception {
        boolean own = f.submissionUri != null && !f.submissionUri.isBlank();
        String asked = phone.net.withDevice(own ? f.submissionUri.trim() : phone.base + "/submission");
        acceptLength = DEFAULT_LENGTH;
        String url = moved.containsKey(asked) ? moved.get(asked) : head(asked);
        if (options.has("accept-length")) acceptLength = Long.parseLong(options.text("accept-length"));
        return url;
    }

    private String head(String asked) throws Exception {
        Net.Response r = phone.net.head(asked);
        if (r.status() == 401) throw new Fail("HEAD submission: 401 after authentication");
        if (r.status() >= 200 && r.status() < 300 && r.status() != 204)
            throw new Fail("HEAD submission: " + r.status() + " (Collect: 'Is this an OpenRosa submission endpoint?'); must be 204");
        if (r.status() != 204) return asked;
        String length = r.header("X-OpenRosa-Accept-Content-Length"), location = r.header("Location");
        if (length != null) acceptLength = Long.parseLong(length.trim());
        if (location == null) return asked;
        URI to = URI.create(URLDecoder.decode(location, StandardCharsets.UTF_8)), from = URI.create(asked);
        if (to.getHost() == null || !to.getHost().equalsIgnoreCase(from.getHost()))
            throw new Fail("HEAD submission: Location on another host: " + location);
        String url = to.getQuery() == null ? to + "?" + from.getRawQuery() : to.toString();
        moved.put(asked, url);
        return url;
    }

    /** Attachments per POST: the next pack begins where the accepted length or 101 files would be passed. */
    private List<List<String>> packs(Filled f) {
        List<List<String>> packs = new ArrayList<>(List.of(new ArrayList<>()));
        long length = f.xml.length;
        for (Map.Entry<String, byte[]> file : f.files.entrySet()) {
            List<String> current = packs.get(packs.size() - 1);
            int size = file.getValue().length;
            if (!current.isEmpty() && (current.size() >= MOST_FILES || length + size > acceptLength)) {
                current = new ArrayList<>();
                packs.add(current);
                length = f.xml.length;
            }
            current.add(file.getKey());
            length += size;
        }
        return packs;
    }

    private static Multipart pack(Filled f, String name, List<String> files, boolean moreFollows) {
        Multipart m = new Multipart();
        m.file("xml_submission_file", name, f.xml);
        for (String file : files) m.file(file, file, f.files.get(file));
        if (moreFollows) m.field("*isIncomplete*", "yes");
        return m;
    }

    private static String fileName(String title) {
        String plain = title.replaceAll("[^\\p{L}\\p{Digit} _-]", " ").replaceAll("\\p{javaWhitespace}+", " ").trim();
        return plain + "_" + new SimpleDateFormat("yyyy-MM-dd_HH-mm-ss").format(new Date()) + ".xml";
    }
}
