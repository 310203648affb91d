/** Census card numbers such as ORP-0001234-X; the last character is ISO 7064 MOD 37,36 over letters and digits. */
final class CardNumber {
    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    private CardNumber() {}

    static String of(String prefix, long number) {
        if (number < 0 || number > 9_999_999) throw new IllegalArgumentException("a card number has seven digits: " + number);
        String digits = String.format("%07d", number);
        return prefix + "-" + digits + "-" + check(prefix + digits);
    }

    static char check(String body) {
        int product = 36;
        for (char c : body.toCharArray()) {
            int sum = (product + ALPHABET.indexOf(c)) % 36;
            product = (sum == 0 ? 36 : sum) * 2 % 37;
        }
        return ALPHABET.charAt((37 - product) % 36);
    }
}
