import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** One phone at work: synchronise, fill offline, send; or fill a form from a file and send nothing. */
final class Worker implements Runnable {
    private final Options options;
    private final int number;
    private final AtomicInteger next;
    private final List<JsonNode> answers;
    private final Tally tally;
    private final Proof proof;
    private final List<byte[]> xforms = new ArrayList<>();
    private Phone phone;
    private Sender sender;

    Worker(Options options, int number, AtomicInteger next, List<JsonNode> answers, Tally tally, Proof proof) {
        this.options = options;
        this.number = number;
        this.next = next;
        this.answers = answers;
        this.tally = tally;
        this.proof = proof;
    }

    @Override public void run() {
        try {
            prepare();
            if (options.has("send-outbox")) sendOutbox();
            else fillAll();
            if (phone == null) return;
            if (options.has("resync")) phone.synchronise(formIds());
            tally.finished(sender, phone.entities);
            if (options.has("verbose")) phone.entities.summary().forEach(System.err::println);
        } catch (Throwable t) {   // a worker must report whatever stopped it: its future is never looked at
            tally.failed("device " + number + ":", t, options.has("verbose"));
        }
    }

    private List<String> formIds() {
        return options.has("form") ? Arrays.asList(options.text("form").split(",")) : List.of();
    }

    private void prepare() throws Exception {
        Map<String, String> properties = new HashMap<>(Map.of("phonenumber", "", "email", "", "username", "", "deviceid", "collect:offline"));
        if (options.has("xform")) {
            xforms.add(Files.readAllBytes(Path.of(options.text("xform"))));
            List<Path> media = Arrays.stream(options.text("media", ".").split(",")).map(Path::of).toList();
            JavaRosa.HERE.set(new JavaRosa.Surroundings(null, media, properties));
            return;
        }
        phone = new Phone(options, number);
        sender = new Sender(phone, options, proof);
        long start = System.nanoTime();
        if (!formIds().isEmpty()) phone.synchronise(formIds());
        tally.synchronised(System.nanoTime() - start);
        for (String id : formIds()) xforms.add(phone.xforms.get(id));
        properties.put("deviceid", phone.deviceId);
        properties.put("username", phone.user);
        JavaRosa.HERE.set(new JavaRosa.Surroundings(phone.entities, List.of(phone.media), properties));
    }

    private void fillAll() {
        int count = options.number("count", 1), first = options.number("first", 0);
        for (int i; (i = next.getAndIncrement()) < count && tally.exitCode() != 3; ) {
            try {
                chain(first + i);
                tally.succeeded();
            } catch (Throwable t) {   // JavaRosa throws unchecked exceptions and errors of its own; the next form must still be tried
                tally.failed("#" + (first + i), t, options.has("verbose"));
            }
        }
    }

    /** All forms of the chain are filled first, for the phone is offline, then sent in order or reversed. */
    private void chain(int seq) throws Exception {
        List<Filler> fillers = new ArrayList<>();
        List<Filled> forms = new ArrayList<>();
        for (int k = 0; k < xforms.size(); k++) {
            long start = System.nanoTime();
            Filler filler = new Filler(xforms.get(k), answersFor(k, seq), options, seq);
            Filled f = filler.fill(phone == null ? null : phone.entities);
            if (phone != null) f.title = phone.listed.get(formIds().get(k)).name();
            tally.filled(f, System.nanoTime() - start);
            fillers.add(filler);
            keep(f);
            forms.add(f);
        }
        if (phone == null || options.has("no-send")) return;
        if (options.has("reverse-send")) {
            Collections.reverse(fillers);
            Collections.reverse(forms);
        }
        for (int k = 0; k < forms.size(); k++) {
            send(forms.get(k));
            if (options.has("replay")) send(forms.get(k));
            if (options.has("then-edit")) send(fillers.get(k).edit());
        }
    }

    private JsonNode answersFor(int form, int seq) {
        if (form >= answers.size()) return new ObjectMapper().createObjectNode();
        JsonNode a = answers.get(form);
        return a.isArray() ? a.get(seq % a.size()) : a;
    }

    private void keep(Filled f) throws Exception {
        if (options.has("save-dir")) Files.write(Path.of(options.text("save-dir")).resolve(f.formId + "-" + f.bareId() + ".xml"), f.xml);
        if (options.has("outbox")) f.keepIn(Path.of(options.text("outbox")));
    }

    private void send(Filled f) throws Exception {
        long start = System.nanoTime();
        Receipt receipt = sender.send(f);
        tally.sent(receipt, System.nanoTime() - start);
        if (options.has("outbox") && Files.exists(Path.of(options.text("outbox")).resolve(f.bareId()))) f.removeFrom(Path.of(options.text("outbox")));
    }

    /** What an earlier run left: Collect starts each of them again from its first file. */
    private void sendOutbox() throws Exception {
        for (Filled f : Filled.waitingIn(Path.of(options.text("outbox")))) {
            try {
                send(f);
                tally.succeeded();
            } catch (Exception e) {
                tally.failed(f.instanceId, e, options.has("verbose"));
                if (e instanceof Fail.Cut) return;
            }
        }
    }
}
