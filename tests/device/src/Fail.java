/** What the phone would show its user: a refusal, an answer it cannot read, a broken rule of the protocol. */
class Fail extends RuntimeException {
    Fail(String message) {
        super(message);
    }

    /** The connection was dropped on purpose (--stop-after-parts): the run ends with exit code 3. */
    static final class Cut extends Fail {
        Cut(String message) {
            super(message);
        }
    }
}
