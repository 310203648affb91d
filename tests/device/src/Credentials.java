import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A user name and password, given only after a challenge: Digest preferred, Basic on https alone, like Collect. */
final class Credentials {
    private static final Pattern PARAMETER = Pattern.compile("(\\w+)\\s*=\\s*(\"([^\"]*)\"|[^,\\s]+)");

    final String user;
    private final String password;
    private final boolean basicOverHttp;
    private boolean basic;
    private Map<String, String> digest;
    private int nonceCount;

    Credentials(String user, String password, boolean basicOverHttp) {
        this.user = user;
        this.password = password;
        this.basicOverHttp = basicOverHttp;
    }

    /** Takes up a challenge; false when there is none that this client may answer. */
    boolean accept(List<String> challenges, URI uri) {
        String digestChallenge = null;
        boolean basicOffered = false;
        for (String c : challenges) {
            String lower = c.toLowerCase(Locale.ROOT);
            if (lower.startsWith("digest")) digestChallenge = c;
            else if (lower.startsWith("basic")) basicOffered = true;
        }
        forget();
        if (digestChallenge != null) {
            digest = parameters(digestChallenge.substring(6));
            nonceCount = 0;
        } else {
            basic = basicOffered && (uri.getScheme().equals("https") || basicOverHttp);
        }
        return digest != null || basic;
    }

    void forget() {
        basic = false;
        digest = null;
    }

    /** The Authorization header for a request, or null before any challenge. */
    String header(String method, URI uri) {
        if (digest != null) return digestHeader(method, uri);
        if (!basic) return null;
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    private String digestHeader(String method, URI uri) {
        String path = uri.getRawPath() + (uri.getRawQuery() != null ? "?" + uri.getRawQuery() : "");
        String algorithm = digest.getOrDefault("algorithm", "MD5");
        String hash = algorithm.equalsIgnoreCase("SHA-256") ? "SHA-256" : "MD5";
        String realm = digest.get("realm"), nonce = digest.get("nonce"), qop = digest.get("qop");
        String clientNonce = UUID.randomUUID().toString().replace("-", "").substring(0, 16);
        String count = String.format("%08x", ++nonceCount);
        String secret = Hashes.hex(hash, user + ":" + realm + ":" + password);
        String request = Hashes.hex(hash, method + ":" + path);
        String middle = qop == null ? nonce : nonce + ":" + count + ":" + clientNonce + ":auth";
        StringBuilder s = new StringBuilder("Digest username=\"" + user + "\", realm=\"" + realm + "\", nonce=\"" + nonce
            + "\", uri=\"" + path + "\", response=\"" + Hashes.hex(hash, secret + ":" + middle + ":" + request) + "\", algorithm=" + algorithm);
        if (qop != null) s.append(", qop=auth, nc=").append(count).append(", cnonce=\"").append(clientNonce).append("\"");
        if (digest.get("opaque") != null) s.append(", opaque=\"").append(digest.get("opaque")).append("\"");
        return s.toString();
    }

    private static Map<String, String> parameters(String challenge) {
        Map<String, String> found = new HashMap<>();
        for (Matcher m = PARAMETER.matcher(challenge); m.find(); )
            found.put(m.group(1).toLowerCase(Locale.ROOT), m.group(3) != null ? m.group(3) : m.group(2));
        return found;
    }
}
