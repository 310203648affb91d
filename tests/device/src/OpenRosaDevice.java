import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** A phone without a screen: syncs forms like ODK Collect, fills them with its engine, JavaRosa, and sends them like it. */
public final class OpenRosaDevice {
    private OpenRosaDevice() {}

    public static void main(String[] arguments) throws Exception {
        Options options;
        try {
            options = new Options(arguments);
            if (!isComplete(options)) throw new IllegalArgumentException("nothing to do");
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "\n" + Options.USAGE);
            System.exit(2);
            return;
        }
        JavaRosa.start();
        if (options.has("list")) {
            list(options);
            return;
        }
        Tally tally = new Tally();
        int devices = 1;
        if (options.has("self-test")) SelfTest.run(tally);
        else devices = work(options, tally);
        System.out.println(tally.json(devices));
        System.exit(tally.exitCode());
    }

    private static boolean isComplete(Options o) {
        if (o.has("self-test") || o.has("xform")) return true;
        if (o.base() == null || o.has("send-outbox") && !o.has("outbox")) return false;
        return o.has("list") || o.has("form") || o.has("send-outbox");
    }

    private static void list(Options options) throws Exception {
        Phone phone = new Phone(options, 0);
        phone.readFormList();
        for (Phone.Listed f : phone.listed.values())
            System.out.println(String.join("\t", f.id(), f.version(), f.hash(), f.name(), f.manifestUrl()));
    }

    /** Runs the workers, each one phone, and returns how many there were. */
    private static int work(Options options, Tally tally) throws Exception {
        List<JsonNode> answers = new ArrayList<>();
        ObjectMapper mapper = new ObjectMapper();
        for (String name : options.text("answers", "").split(",", -1))
            answers.add(name.isBlank() ? mapper.createObjectNode() : mapper.readTree(new File(name)));
        for (String folder : List.of("save-dir", "dump-dir", "outbox"))
            if (options.has(folder)) Files.createDirectories(Path.of(options.text(folder)));
        int most = options.has("send-outbox") ? 1 : Math.max(1, options.number("count", 1));
        int devices = Math.max(1, Math.min(most, options.number("concurrency", 1)));
        Proof proof = new Proof(options);
        AtomicInteger next = new AtomicInteger();
        ExecutorService pool = Executors.newFixedThreadPool(devices);
        List<Future<?>> running = new ArrayList<>();
        for (int d = 0; d < devices; d++) running.add(pool.submit(new Worker(options, d, next, answers, tally, proof)));
        for (Future<?> f : running) f.get();
        pool.shutdown();
        return devices;
    }
}
