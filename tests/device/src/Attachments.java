import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.data.StringData;
import org.javarosa.form.api.FormEntryPrompt;

/** Photos, sounds and files: "@gen:jpg:150" is 150 kB of noise behind a JPEG head, "@file:/path" is that file. */
final class Attachments {
    private final Random random;
    private final Map<String, byte[]> files;
    private final int imageKb;

    Attachments(Random random, Map<String, byte[]> files, int imageKb) {
        this.random = random;
        this.files = files;
        this.imageKb = imageKb;
    }

    static boolean wants(FormEntryPrompt q) {
        return switch (q.getControlType()) {
            case Constants.CONTROL_IMAGE_CHOOSE, Constants.CONTROL_AUDIO_CAPTURE, Constants.CONTROL_VIDEO_CAPTURE,
                Constants.CONTROL_FILE_CAPTURE, Constants.CONTROL_UPLOAD -> true;
            default -> q.getDataType() == Constants.DATATYPE_BINARY;
        };
    }

    StringData any(FormEntryPrompt q) throws IOException {
        return switch (q.getControlType()) {
            case Constants.CONTROL_IMAGE_CHOOSE -> attach("@gen:jpg:" + imageKb);
            case Constants.CONTROL_AUDIO_CAPTURE -> attach("@gen:m4a:20");
            default -> attach("@gen:bin:5");
        };
    }

    StringData attach(String answer) throws IOException {
        if (answer.startsWith("@file:")) {
            String path = answer.substring(6);
            return keep(path.substring(path.lastIndexOf('.') + 1), Files.readAllBytes(Path.of(path)));
        }
        if (!answer.startsWith("@gen:")) throw new IOException("attachment answers start with @file: or @gen:, not " + answer);
        String[] part = answer.split(":");
        return keep(part[1], noise(part[1], (int) (Double.parseDouble(part[2]) * 1000)));
    }

    private byte[] noise(String extension, int size) {
        byte[] b = new byte[size];
        random.nextBytes(b);
        byte[] head = {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xe0};
        if (extension.equals("jpg")) System.arraycopy(head, 0, b, 0, Math.min(size, head.length));
        return b;
    }

    private StringData keep(String extension, byte[] content) {
        String name;
        do {
            name = System.currentTimeMillis() * 1000 + random.nextInt(1000) + "." + extension;
        } while (files.containsKey(name));
        files.put(name, content);
        return new StringData(name);
    }
}
