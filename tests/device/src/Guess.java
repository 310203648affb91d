import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.data.DecimalData;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.IntegerData;
import org.javarosa.core.model.data.MultipleItemsData;
import org.javarosa.core.model.data.SelectMultiData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.xform.util.XFormAnswerDataParser;

/** --auto: a random answer that the question offers or that its constraint may accept. */
final class Guess {
    private static final String[] WORDS =
        {"Traoré", "Keïta", "Coulibaly", "Diarra", "Aïssata", "Moussa", "Ségou", "N'Diaye", "près du fleuve", "RAS"};

    private final Random random;
    private final Constraints constraints;
    private final Attachments attachments;

    Guess(Random random, Constraints constraints, Attachments attachments) {
        this.random = random;
        this.constraints = constraints;
        this.attachments = attachments;
    }

    /** Null when the question offers no choice at all. */
    IAnswerData answer(FormEntryPrompt q, String path) throws Exception {
        IAnswerData choice = choice(q);
        if (choice != null) return choice;
        switch (q.getControlType()) {
            case Constants.CONTROL_SELECT_ONE, Constants.CONTROL_SELECT_MULTI, Constants.CONTROL_RANK: return null;
            case Constants.CONTROL_TRIGGER: return new StringData("OK");
            default: break;
        }
        if (Attachments.wants(q)) return attachments.any(q);
        return switch (q.getDataType()) {
            case Constants.DATATYPE_INTEGER, Constants.DATATYPE_DECIMAL -> number(q.getDataType(), constraints.numbers(path));
            case Constants.DATATYPE_DATE -> parse(q, date(constraints.dates(path)));
            case Constants.DATATYPE_TIME -> parse(q, String.format("%02d:%02d:00.000Z", random.nextInt(24), random.nextInt(60)));
            case Constants.DATATYPE_DATE_TIME -> parse(q, LocalDate.now().minusDays(1 + random.nextInt(300)) + String.format("T%02d:00:00.000Z", random.nextInt(24)));
            case Constants.DATATYPE_GEOPOINT -> parse(q, position() + " 320.5 4.8");
            case Constants.DATATYPE_GEOTRACE -> parse(q, "12.1 -8.1 0 0;12.2 -8.2 0 0;12.3 -8.1 0 0");
            case Constants.DATATYPE_GEOSHAPE -> parse(q, "12.1 -8.1 0 0;12.2 -8.2 0 0;12.3 -8.1 0 0;12.1 -8.1 0 0");
            default -> text(path);
        };
    }

    private IAnswerData choice(FormEntryPrompt q) {
        int control = q.getControlType();
        boolean rank = control == Constants.CONTROL_RANK;
        if (!rank && control != Constants.CONTROL_SELECT_ONE && control != Constants.CONTROL_SELECT_MULTI) return null;
        List<SelectChoice> offered = new ArrayList<>(q.getSelectChoices());
        if (offered.isEmpty()) return null;
        if (control == Constants.CONTROL_SELECT_ONE) return new SelectOneData(offered.get(random.nextInt(offered.size())).selection());
        Collections.shuffle(offered, random);
        int wanted = rank ? offered.size() : 1 + random.nextInt(Math.min(3, offered.size()));
        List<Selection> chosen = offered.stream().limit(wanted).map(SelectChoice::selection).toList();
        return rank ? new MultipleItemsData(chosen) : new SelectMultiData(chosen);
    }

    private IAnswerData number(int type, Constraints.Range<Double> bounds) {
        boolean whole = type == Constants.DATATYPE_INTEGER;
        if (bounds.isOpen())
            return whole ? new IntegerData(random.nextInt(random.nextBoolean() ? 10 : 60)) : new DecimalData(random.nextInt(1000) / 10.0);
        double low = bounds.low() != null ? bounds.low() : Math.min(0, bounds.high());
        double high = bounds.high() != null ? bounds.high() : low + 40;
        if (high > low + 200 && random.nextInt(3) > 0) high = low + 60;
        if (random.nextInt(5) == 0) high = low;   // sums and orders between questions often hold at the lower bound
        if (!whole) return new DecimalData(Math.round((low + random.nextDouble() * (high - low)) * 10) / 10.0);
        int floor = (int) Math.floor(low);
        return new IntegerData(floor + random.nextInt(Math.max(1, (int) Math.floor(high) - floor + 1)));
    }

    private String date(Constraints.Range<LocalDate> bounds) {
        long low = (bounds.low() != null ? bounds.low() : LocalDate.of(1940, 1, 1)).toEpochDay();
        long high = (bounds.high() != null ? bounds.high() : LocalDate.now()).toEpochDay();
        return LocalDate.ofEpochDay(low + random.nextLong(Math.max(1, high - low))).toString();
    }

    /** Somewhere between Kita, Kangaba and Ségou: inside Mali on every map. */
    private String position() {
        return String.format(Locale.ROOT, "%.6f %.6f", 12.5 + random.nextDouble() * 1.3, -9.3 + random.nextDouble() * 3);
    }

    private StringData text(String path) {
        String fitting = constraints.text(path, random);
        if (fitting != null && random.nextInt(5) > 0) return new StringData(fitting);
        return switch (random.nextInt(3)) {
            case 0 -> new StringData("7" + (1_000_000 + random.nextInt(8_999_999)));   // often fits phone-like patterns
            case 1 -> new StringData(WORDS[random.nextInt(WORDS.length)]);
            default -> new StringData(WORDS[random.nextInt(WORDS.length)] + " " + random.nextInt(100));
        };
    }

    private static IAnswerData parse(FormEntryPrompt q, String text) {
        return XFormAnswerDataParser.getAnswerData(text, q.getDataType(), q.getQuestion());
    }
}
