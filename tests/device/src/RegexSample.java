import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Makes a string that matches the plain regular expressions forms use: literals, classes, \d, ., groups with |, {n,m} ? * +. */
final class RegexSample {
    private final String re;
    private final Random random;
    private int at;

    private RegexSample(String re, Random random) {
        this.re = re;
        this.random = random;
    }

    static String of(String re, Random random) {
        return new RegexSample(re.replaceAll("^\\^|\\$$", ""), random).alternatives();
    }

    private String alternatives() {
        List<String> options = new ArrayList<>();
        StringBuilder current = new StringBuilder();
        while (at < re.length() && re.charAt(at) != ')') {
            if (re.charAt(at) == '|') {
                at++;
                options.add(current.toString());
                current = new StringBuilder();
            } else {
                repeated(current);
            }
        }
        options.add(current.toString());
        return options.get(random.nextInt(options.size()));
    }

    /** Reads one atom and its quantifier, and re-reads the atom once per wanted repetition so that each differs. */
    private void repeated(StringBuilder out) {
        int from = at;
        String first = atom();
        int times = quantity();
        int after = at;
        for (int i = 0; i < times; i++) {
            if (i == 0) {
                out.append(first);
            } else {
                at = from;
                out.append(atom());
            }
        }
        at = after;
    }

    private String atom() {
        char c = re.charAt(at++);
        return switch (c) {
            case '(' -> group();
            case '[' -> oneOfClass();
            case '.' -> String.valueOf("abcdeiou".charAt(random.nextInt(8)));
            case '\\' -> escaped(re.charAt(at++));
            default -> String.valueOf(c);
        };
    }

    private String group() {
        if (re.startsWith("?:", at)) at += 2;
        String s = alternatives();
        if (at < re.length()) at++;
        return s;
    }

    private String escaped(char c) {
        return switch (c) {
            case 'd' -> String.valueOf(random.nextInt(10));
            case 'w' -> "a";
            case 's' -> " ";
            default -> String.valueOf(c);
        };
    }

    private String oneOfClass() {
        StringBuilder set = new StringBuilder();
        while (re.charAt(at) != ']') {
            char a = re.charAt(at++);
            if (a == '\\' && (a = re.charAt(at++)) == 'd') {
                set.append("0123456789");
            } else if (re.charAt(at) == '-' && re.charAt(at + 1) != ']') {
                for (char x = a; x <= re.charAt(at + 1); x++) set.append(x);
                at += 2;
            } else {
                set.append(a);
            }
        }
        at++;
        return String.valueOf(set.charAt(random.nextInt(set.length())));
    }

    private int quantity() {
        if (at >= re.length()) return 1;
        switch (re.charAt(at)) {
            case '?': at++; return random.nextInt(2);
            case '*': at++; return random.nextInt(4);
            case '+': at++; return 1 + random.nextInt(3);
            case '{': break;
            default: return 1;
        }
        int end = re.indexOf('}', at);
        String[] bounds = re.substring(at + 1, end).split(",", -1);
        at = end + 1;
        int low = Integer.parseInt(bounds[0]);
        int high = bounds.length == 1 ? low : bounds[1].isEmpty() ? low + 3 : Integer.parseInt(bounds[1]);
        return low + random.nextInt(high - low + 1);
    }
}
