import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** The command line, read once: flags and --name value pairs; an unknown name is refused. */
final class Options {
    private static final Set<String> FLAGS = Set.of("insecure", "http2", "allow-basic-http", "auto", "list", "resync", "replay",
        "then-edit", "reverse-send", "verbose", "no-send", "self-test", "send-outbox");
    private static final Set<String> VALUES = Set.of("server", "key-url", "auth", "form", "answers", "count", "concurrency", "first",
        "xform", "media", "save-dir", "dump-dir", "outbox", "accept-length", "seed", "user-agent", "proof-json", "image-kb",
        "stop-after-parts");
    static final String USAGE = """
        openrosa-device --server URL|--key-url URL [--auth user:pass] --form ID[,ID2...] [--answers a.json[,b.json...]] [--auto]
          [--count N] [--concurrency N] [--seed N] [--first N] [--image-kb N] [--list] [--resync] [--replay] [--then-edit]
          [--reverse-send] [--no-send] [--accept-length BYTES] [--stop-after-parts N] [--outbox DIR [--send-outbox]]
          [--proof-json FILE] [--save-dir DIR] [--dump-dir DIR] [--insecure] [--http2] [--allow-basic-http] [--user-agent S] [--verbose]
        offline: --xform form.xml --media dir[,dir2...] [--answers a.json] [--auto] [--count N] [--save-dir DIR]
        check of the device itself: --self-test""";

    private final Map<String, String> given = new LinkedHashMap<>();

    Options(String... arguments) {
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i].replaceFirst("^--", "");
            if (FLAGS.contains(name)) given.put(name, "");
            else if (VALUES.contains(name) && i + 1 < arguments.length) given.put(name, arguments[++i]);
            else throw new IllegalArgumentException("unknown option or missing value: " + arguments[i]);
        }
    }

    boolean has(String name) {
        return given.containsKey(name);
    }

    String text(String name, String otherwise) {
        return given.getOrDefault(name, otherwise);
    }

    String text(String name) {
        return given.get(name);
    }

    int number(String name, int otherwise) {
        return has(name) ? Integer.parseInt(text(name)) : otherwise;
    }

    /** The server's base address without a final slash, or null when the run is offline. */
    String base() {
        String url = has("key-url") ? text("key-url") : text("server");
        return url == null ? null : url.replaceFirst("/+$", "");
    }
}
