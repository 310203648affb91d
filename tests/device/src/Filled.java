import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A finalised form: the XML and the files that Collect keeps in one instance folder. */
final class Filled {
    private static final ObjectMapper JSON = new ObjectMapper();

    byte[] xml;
    String formId, version, title, instanceId, submissionUri;
    final Map<String, byte[]> files = new LinkedHashMap<>();
    final List<String> refusedAnswers = new ArrayList<>();
    int asked, answered;

    String bareId() {
        return instanceId.replace("uuid:", "");
    }

    /** Writes the instance folder; the attachments are numbered so that their order survives. */
    void keepIn(Path outbox) throws IOException {
        Path folder = Files.createDirectories(outbox.resolve(bareId()));
        ObjectNode about = JSON.createObjectNode().put("form", formId).put("version", version).put("title", title)
            .put("instanceId", instanceId).put("submissionUri", submissionUri);
        about.set("files", JSON.valueToTree(files.keySet()));
        int i = 0;
        for (byte[] content : files.values()) Files.write(folder.resolve("file-" + i++), content);
        Files.write(folder.resolve("submission.xml"), xml);
        Files.write(folder.resolve("about.json"), JSON.writeValueAsBytes(about));
    }

    void removeFrom(Path outbox) throws IOException {
        Path folder = outbox.resolve(bareId());
        try (Stream<Path> all = Files.list(folder)) {
            for (Path p : all.toList()) Files.delete(p);
        }
        Files.delete(folder);
    }

    /** Every instance folder that is still to be sent. */
    static List<Filled> waitingIn(Path outbox) throws IOException {
        List<Filled> waiting = new ArrayList<>();
        try (Stream<Path> folders = Files.list(outbox)) {
            for (Path folder : folders.sorted().toList()) {
                if (!Files.exists(folder.resolve("about.json"))) continue;
                JsonNode about = JSON.readTree(folder.resolve("about.json").toFile());
                Filled f = new Filled();
                f.formId = about.path("form").textValue();
                f.version = about.path("version").textValue();
                f.title = about.path("title").textValue();
                f.instanceId = about.path("instanceId").textValue();
                f.submissionUri = about.path("submissionUri").textValue();
                f.xml = Files.readAllBytes(folder.resolve("submission.xml"));
                int i = 0;
                for (JsonNode name : about.path("files")) f.files.put(name.asText(), Files.readAllBytes(folder.resolve("file-" + i++)));
                waiting.add(f);
            }
        }
        return waiting;
    }
}
