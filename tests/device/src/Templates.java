import java.time.LocalDate;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;

/** Expands ${...} in an answers file: what changes from one filled form to the next. */
final class Templates {
    private final Random random;
    private final long seq;

    Templates(Random random, long seq) {
        this.random = random;
        this.seq = seq;
    }

    String expand(String text) {
        StringBuilder out = new StringBuilder();
        int from = 0;
        for (int at; (at = text.indexOf("${", from)) >= 0; ) {
            int end = text.indexOf('}', at);
            if (end < 0) throw new IllegalArgumentException("template without } in " + text);
            out.append(text, from, at).append(value(text.substring(at + 2, end)));
            from = end + 1;
        }
        return out.append(text.substring(from)).toString();
    }

    private String value(String template) {
        String[] p = template.split("[:|]");
        return switch (p[0]) {
            case "seq" -> Long.toString(seq);
            case "uuid" -> UUID.randomUUID().toString();
            case "pick" -> p[1 + random.nextInt(p.length - 1)];
            case "int" -> Long.toString(between(Long.parseLong(p[1]), Long.parseLong(p[2])));
            case "dec" -> decimal(Double.parseDouble(p[1]), Double.parseDouble(p[2]));
            case "digits" -> digits(Integer.parseInt(p[1]));
            case "date" -> LocalDate.ofEpochDay(between(LocalDate.parse(p[1]).toEpochDay(), LocalDate.parse(p[2]).toEpochDay())).toString();
            case "day" -> LocalDate.now().minusDays(Long.parseLong(p[1])).toString();
            case "age" -> Integer.toString(LocalDate.now().getYear() - Integer.parseInt(p[1]));
            case "card" -> CardNumber.of(p[1], Long.parseLong(p[2]) + seq);
            default -> throw new IllegalArgumentException("unknown template " + template);
        };
    }

    private String digits(int count) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < count; i++) out.append(random.nextInt(10));
        return out.toString();
    }

    private long between(long low, long high) {
        return low + random.nextLong(high - low + 1);
    }

    private String decimal(double low, double high) {
        return String.format(Locale.ROOT, "%.4f", low + random.nextDouble() * (high - low));
    }
}
