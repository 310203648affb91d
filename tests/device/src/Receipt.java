import java.util.List;

/** What the server said to one submission: the status of each POST, zero for one that got no answer. */
record Receipt(List<Integer> statuses, String message) {
    int lastStatus() {
        return statuses.isEmpty() ? 0 : statuses.get(statuses.size() - 1);
    }

    boolean isAcknowledged() {
        return !statuses.isEmpty() && statuses.stream().allMatch(s -> s == 201 || s == 202);
    }
}
