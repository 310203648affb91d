import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.text.SimpleDateFormat;
import java.time.Duration;
import java.util.Date;
import java.util.Locale;
import java.util.TimeZone;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * HTTP as ODK Collect (OkHttp) puts it on the wire: X-OpenRosa-Version, the Date of its 12-hour clock, gzip, deviceID in
 * the query, no credentials before a 401.
 */
final class Net {
    /** One answer, its body already gunzipped. */
    record Response(int status, HttpHeaders headers, byte[] body) {
        String header(String name) {
            return headers.firstValue(name).orElse(null);
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    static final AtomicLong requests = new AtomicLong(), bytesUp = new AtomicLong(), bytesDown = new AtomicLong(), challenges = new AtomicLong();

    private final HttpClient client;
    private final Credentials credentials;
    private final String deviceId, userAgent;

    Net(Options options, Credentials credentials, String deviceId) throws Exception {
        HttpClient.Builder b = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).connectTimeout(Duration.ofSeconds(30))
            .version(options.has("http2") ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1);
        if (options.has("insecure")) b.sslContext(trustAll());
        client = b.build();
        this.credentials = credentials;
        this.deviceId = deviceId;
        userAgent = options.text("user-agent", "org.odk.collect.android/v2026.3.3 Dalvik/2.1.0 (Linux; U; Android 11; Infinix X657)");
    }

    String withDevice(String url) {
        return url + (url.contains("?") ? "&" : "?") + "deviceID=" + URLEncoder.encode(deviceId, StandardCharsets.UTF_8);
    }

    Response get(String url) throws Exception {
        return send("GET", URI.create(withDevice(url)), null, null);
    }

    Response head(String url) throws Exception {
        return send("HEAD", URI.create(url), null, null);
    }

    Response post(String url, String type, byte[] body) throws Exception {
        return send("POST", URI.create(url), type, HttpRequest.BodyPublishers.ofByteArray(body));
    }

    /** Sends half of the body and drops the connection, as a bad link does. */
    void cut(String url, String type, byte[] body) throws Exception {
        try {
            once("POST", URI.create(url), type, HttpRequest.BodyPublishers.fromPublisher(halfOf(body), body.length));
        } catch (IOException expected) {
            return;
        }
        throw new Fail("the server answered a POST of which half was sent");
    }

    private synchronized Response send(String method, URI uri, String type, HttpRequest.BodyPublisher body) throws Exception {
        Response first = once(method, uri, type, body);
        if (first.status != 401 || credentials == null) return first;
        challenges.incrementAndGet();
        if (!credentials.accept(first.headers.allValues("WWW-Authenticate"), uri)) return first;
        Response second = once(method, uri, type, body);
        if (second.status == 401) credentials.forget();
        return second;
    }

    private Response once(String method, URI uri, String type, HttpRequest.BodyPublisher body) throws Exception {
        SimpleDateFormat date = new SimpleDateFormat("E, dd MMM yyyy hh:mm:ss zz", Locale.US);
        date.setTimeZone(TimeZone.getTimeZone("GMT"));
        HttpRequest.Builder b = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(120)).header("User-Agent", userAgent)
            .header("X-OpenRosa-Version", "1.0").header("Date", date.format(new Date())).header("Accept-Encoding", "gzip");
        if (type != null) b.header("Content-Type", type);
        String authorization = credentials == null ? null : credentials.header(method, uri);
        if (authorization != null) b.header("Authorization", authorization);
        b.method(method, body == null ? HttpRequest.BodyPublishers.noBody() : body);
        requests.incrementAndGet();
        if (body != null) bytesUp.addAndGet(body.contentLength());
        HttpResponse<byte[]> answer = client.send(b.build(), HttpResponse.BodyHandlers.ofByteArray());
        byte[] content = answer.body();
        bytesDown.addAndGet(content.length);
        if ("gzip".equalsIgnoreCase(answer.headers().firstValue("Content-Encoding").orElse("")) && content.length > 0)
            content = new GZIPInputStream(new ByteArrayInputStream(content)).readAllBytes();
        return new Response(answer.statusCode(), answer.headers(), content);
    }

    private static Flow.Publisher<ByteBuffer> halfOf(byte[] body) {
        return subscriber -> subscriber.onSubscribe(new Flow.Subscription() {
            private boolean sent;

            @Override public void request(long n) {
                if (!sent) {
                    sent = true;
                    subscriber.onNext(ByteBuffer.wrap(body, 0, body.length / 2));
                } else {
                    subscriber.onError(new IOException("connection dropped on purpose"));
                }
            }

            @Override public void cancel() {}
        });
    }

    private static SSLContext trustAll() throws Exception {
        System.setProperty("jdk.internal.httpclient.disableHostnameVerification", "true");
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new X509TrustManager() {
            @Override public void checkClientTrusted(X509Certificate[] chain, String type) {}

            @Override public void checkServerTrusted(X509Certificate[] chain, String type) {}

            @Override public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        }}, null);
        return context;
    }
}
