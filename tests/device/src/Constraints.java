import java.io.ByteArrayInputStream;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Reads the constraints of an XForm's binds, so that --auto proposes values that have a chance to satisfy them. */
final class Constraints {
    /** A closed range; an end that the constraint does not give is null. */
    record Range<T>(T low, T high) {
        boolean isOpen() {
            return low == null && high == null;
        }
    }

    private static final String COMPARE = "(?<![\\w/.])\\.\\s*(>=|>|<=|<)\\s*";
    private static final Pattern REGEX = Pattern.compile("regex\\(\\s*\\.\\s*,\\s*'([^']*)'\\s*\\)");
    private static final Pattern NUMBER = Pattern.compile(COMPARE + "(-?\\d+(?:\\.\\d+)?)");
    private static final Pattern DATE = Pattern.compile(COMPARE + "(?:date\\(\\s*'(\\d{4}-\\d\\d-\\d\\d)'\\s*\\)|(today\\(\\)))");

    private final Map<String, String> byNode = new HashMap<>();

    Constraints(byte[] xform) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        NodeList binds = factory.newDocumentBuilder().parse(new ByteArrayInputStream(xform)).getElementsByTagNameNS("*", "bind");
        for (int i = 0; i < binds.getLength(); i++) {
            Element bind = (Element) binds.item(i);
            if (bind.hasAttribute("constraint")) byNode.put(bind.getAttribute("nodeset"), bind.getAttribute("constraint"));
        }
    }

    private String of(String path) {
        return byNode.getOrDefault(path.replaceAll("\\[[^]]*]", ""), "");
    }

    /** A text for one of the regex() of this question, or null. */
    String text(String path, Random random) {
        List<String> patterns = new ArrayList<>();
        for (Matcher m = REGEX.matcher(of(path)); m.find(); ) patterns.add(m.group(1));
        return patterns.isEmpty() ? null : RegexSample.of(patterns.get(random.nextInt(patterns.size())), random);
    }

    /** Bounds from comparisons of . with numbers. */
    Range<Double> numbers(String path) {
        Double low = null, high = null;
        for (Matcher m = NUMBER.matcher(of(path)); m.find(); ) {
            double v = Double.parseDouble(m.group(2));
            switch (m.group(1)) {
                case ">=" -> low = v;
                case ">" -> low = v + 1;
                case "<=" -> high = v;
                default -> high = v - 1;
            }
        }
        return new Range<>(low, high);
    }

    /** Bounds from comparisons of . with date('...') and today(). */
    Range<LocalDate> dates(String path) {
        LocalDate low = null, high = null;
        for (Matcher m = DATE.matcher(of(path)); m.find(); ) {
            LocalDate d = m.group(3) != null ? LocalDate.now().minusDays(1) : LocalDate.parse(m.group(2));
            if (m.group(1).startsWith(">")) low = d.plusDays(1);
            else high = d.minusDays(1);
        }
        return new Range<>(low, high);
    }
}
