import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** --proof-json: one line per submission sent, written before the next is sent, so that a test can compare byte for byte. */
final class Proof {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;

    Proof(Options options) {
        file = options.has("proof-json") ? Path.of(options.text("proof-json")) : null;
    }

    synchronized void write(String deviceId, Filled f, Receipt receipt) throws IOException {
        if (file == null) return;
        ObjectNode line = JSON.createObjectNode().put("form", f.formId).put("version", f.version).put("instanceId", f.instanceId)
            .put("deviceId", deviceId).put("sha256", Hashes.sha256(f.xml)).put("acknowledged", receipt.isAcknowledged())
            .put("status", receipt.lastStatus()).put("message", receipt.message());
        line.set("statuses", JSON.valueToTree(receipt.statuses()));
        ArrayNode attachments = line.putArray("attachments");
        f.files.forEach((name, content) -> attachments.addObject().put("name", name).put("sha256", Hashes.sha256(content)).put("bytes", content.length));
        Files.write(file, (JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
