import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Counts and timings of a run, shared by the workers, and the JSON object printed at its end. */
final class Tally {
    private final long startedNs = System.nanoTime();
    private final List<Long> sendNs = new ArrayList<>();
    private final List<String> errors = new ArrayList<>(), refusedAnswers = new ArrayList<>();
    private long ok, failed, asked, answered, attachments, xmlBytes, filled, fillNs, posts, created, updated, syncMs;
    private String lastMessage;
    private boolean cut;

    synchronized void succeeded() {
        ok++;
    }

    synchronized void failed(String where, Throwable t, boolean verbose) {
        failed++;
        cut |= t instanceof Fail.Cut;
        errors.add(where + " " + (t instanceof Fail || t instanceof IOException && t.getMessage() != null ? t.getMessage() : t.toString()));
        if (verbose) t.printStackTrace();
    }

    synchronized void filled(Filled f, long ns) {
        filled++;
        fillNs += ns;
        asked += f.asked;
        answered += f.answered;
        attachments += f.files.size();
        xmlBytes += f.xml.length;
        refusedAnswers.addAll(f.refusedAnswers);
    }

    synchronized void sent(Receipt receipt, long ns) {
        sendNs.add(ns);
        lastMessage = receipt.message();
    }

    synchronized void synchronised(long ns) {
        syncMs += ns / 1_000_000;
    }

    synchronized void finished(Sender sender, EntityStore entities) {
        posts += sender.posts;
        created += entities.created;
        updated += entities.updated;
    }

    /** 0 when all went well, 3 when the connection was dropped on purpose, 1 otherwise. */
    synchronized int exitCode() {
        return cut ? 3 : failed > 0 ? 1 : 0;
    }

    synchronized String json(int devices) throws IOException {
        double seconds = (System.nanoTime() - startedNs) / 1e9;
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode r = mapper.createObjectNode();
        r.put("ok", ok).put("failed", failed).put("cut", cut).put("seconds", Math.round(seconds * 1000) / 1000.0)
            .put("perSecond", Math.round(ok / seconds * 10) / 10.0).put("devices", devices).put("posts", posts)
            .put("questionsAsked", asked).put("questionsAnswered", answered).put("attachments", attachments)
            .put("xmlBytesMean", filled == 0 ? 0 : xmlBytes / filled).put("fillMsMean", filled == 0 ? 0 : fillNs / 1e6 / filled)
            .put("sendMsP50", sendMs(0.5)).put("sendMsP99", sendMs(0.99)).put("syncMsMean", syncMs / (double) devices)
            .put("httpRequests", Net.requests.get()).put("authChallenges", Net.challenges.get())
            .put("bodyBytesUp", Net.bytesUp.get()).put("bodyBytesDown", Net.bytesDown.get())
            .put("localEntitiesCreated", created).put("localEntitiesUpdated", updated).put("serverMessage", lastMessage);
        ArrayNode shown = r.putArray("errors");
        errors.stream().limit(20).forEach(shown::add);
        ArrayNode refused = r.putArray("refusedAnswers");
        refusedAnswers.stream().limit(5).forEach(refused::add);
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(r);
    }

    private double sendMs(double quantile) {
        if (sendNs.isEmpty()) return 0;
        List<Long> sorted = new ArrayList<>(sendNs);
        Collections.sort(sorted);
        return sorted.get((int) ((sorted.size() - 1) * quantile)) / 1e6;
    }
}
