import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** multipart/form-data laid out as OkHttp 5 does: UUID boundary, Content-Disposition then Content-Type, raw UTF-8 file names. */
final class Multipart {
    private static final Map<String, String> TYPES = Map.of("jpg", "image/jpeg", "png", "image/png", "csv", "text/csv",
        "m4a", "audio/mp4", "mp4", "video/mp4", "pdf", "application/pdf", "xml", "text/xml", "amr", "audio/amr");

    private final String boundary = UUID.randomUUID().toString();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    void file(String name, String filename, byte[] content) {
        part(name, "; filename=\"" + escape(filename) + "\"", "Content-Type: " + mediaType(filename) + "\r\n", content);
    }

    void field(String name, String value) {
        part(name, "", "", value.getBytes(StandardCharsets.UTF_8));
    }

    private void part(String name, String filename, String type, byte[] content) {
        text("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + escape(name) + "\"" + filename + "\r\n" + type + "\r\n");
        out.writeBytes(content);
        text("\r\n");
    }

    byte[] done() {
        text("--" + boundary + "--\r\n");
        return out.toByteArray();
    }

    String type() {
        return "multipart/form-data; boundary=" + boundary;
    }

    static String mediaType(String filename) {
        String extension = filename.substring(filename.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        return TYPES.getOrDefault(extension, "application/octet-stream");
    }

    private void text(String s) {
        out.writeBytes(s.getBytes(StandardCharsets.UTF_8));
    }

    private static String escape(String s) {
        return s.replace("\n", "%0A").replace("\r", "%0D").replace("\"", "%22");
    }
}
