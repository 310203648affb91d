import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;

/** The entity lists on the phone: synchronised from the server, changed offline (entities spec 2024.1 and 2025.1). */
final class EntityStore {
    private static final String UUID_V4 = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}";

    private static final class Entity {
        final String id;
        String label;
        int version = 1;
        Integer trunk;
        String branch = UUID.randomUUID().toString();
        boolean online;
        final Map<String, String> properties = new LinkedHashMap<>();

        Entity(String id) {
            this.id = id;
        }
    }

    private static final class EntityList {
        String hash;
        boolean approval;
        final Map<String, Entity> entities = new LinkedHashMap<>();
    }

    private final Map<String, EntityList> lists = new LinkedHashMap<>();
    int created, updated;

    boolean has(String list) {
        return lists.containsKey(list);
    }

    boolean isCurrent(String list, String hash) {
        return has(list) && hash.equals(lists.get(list).hash);
    }

    /** Collect's merge: a higher local version stays, absent rows that were online go, local creations stay. */
    void fromServer(String name, byte[] csv, String hash, boolean approval) throws IOException {
        EntityList list = lists.computeIfAbsent(name, k -> new EntityList());
        Set<String> seen = new HashSet<>();
        try (CSVParser rows = CSVParser.parse(new String(csv, StandardCharsets.UTF_8), CSVFormat.DEFAULT.withHeader())) {
            for (CSVRecord row : rows) seen.add(take(list, name, row.toMap()));
        }
        list.entities.values().removeIf(e -> e.online && !seen.contains(e.id));
        list.hash = hash;
        list.approval = approval;
    }

    private static String take(EntityList list, String name, Map<String, String> row) throws IOException {
        String id = row.get("name"), version = row.get("__version");
        if (id == null || row.get("label") == null || version == null)
            throw new IOException("entity list " + name + ": name, label and __version columns are required; got " + row.keySet());
        int serverVersion = Integer.parseInt(version.trim());
        Entity e = list.entities.computeIfAbsent(id, Entity::new);
        boolean localIsNewer = e.label != null && e.version > serverVersion;
        e.online = true;
        if (localIsNewer) return id;
        e.label = row.get("label");
        e.version = serverVersion;
        e.trunk = serverVersion;
        e.branch = UUID.randomUUID().toString();
        e.properties.clear();
        row.forEach((column, value) -> {
            if (!column.equals("name") && !column.equals("label") && !column.startsWith("__")) e.properties.put(column, value);
        });
        return id;
    }

    List<String> offlineIds(String list) {
        List<String> ids = new ArrayList<>();
        for (Entity e : lists.get(list).entities.values()) if (!e.online) ids.add(e.id);
        return ids;
    }

    void remove(String list, String id) {
        lists.get(list).entities.remove(id);
    }

    /** One line per list, for --verbose. */
    List<String> summary() {
        return lists.keySet().stream().map(n -> "list " + n + ": " + lists.get(n).entities.size() + " entities, " + offlineIds(n).size() + " offline").toList();
    }

    /** The list as the secondary instance that a form reads. */
    TreeElement tree(String name) {
        TreeElement root = new TreeElement("root", 0);
        int i = 0;
        for (Entity e : lists.get(name).entities.values()) {
            TreeElement item = new TreeElement("item", i++);
            leaf(item, "name", e.id);
            leaf(item, "label", e.label);
            leaf(item, "__version", Integer.toString(e.version));
            leaf(item, "__trunkVersion", e.trunk == null ? null : e.trunk.toString());
            leaf(item, "__branchId", e.branch);
            e.properties.forEach((property, value) -> leaf(item, property, value));
            root.addChild(item);
        }
        return root;
    }

    private static void leaf(TreeElement parent, String name, String value) {
        TreeElement leaf = new TreeElement(name);
        if (value != null) leaf.setValue(new StringData(value));
        parent.addChild(leaf);
    }

    /** After finalisation: applies the entity blocks of the form; saveTo goes from a question's generic path to a property. */
    void apply(FormDef form, Map<String, String> saveTo) {
        walk(form.getMainInstance().getRoot(), saveTo);
    }

    private void walk(TreeElement element, Map<String, String> saveTo) {
        for (int i = 0; i < element.getNumChildren(); i++) {
            TreeElement child = element.getChildAt(i);
            if (child.getMult() == TreeReference.INDEX_TEMPLATE) continue;
            if (child.getName().equals("meta")) {
                TreeElement entity = child.getFirstChild("entity");
                if (entity != null) applyOne(entity, element, saveTo);
            } else if (child.hasChildren()) {
                walk(child, saveTo);
            }
        }
    }

    private void applyOne(TreeElement entity, TreeElement scope, Map<String, String> saveTo) {
        boolean create = yes(entity.getAttributeValue(null, "create")), update = yes(entity.getAttributeValue(null, "update"));
        String id = entity.getAttributeValue("", "id");
        EntityList list = lists.get(entity.getAttributeValue(null, "dataset"));
        if (!create && !update || list == null || id == null || !id.matches(UUID_V4)) return;
        TreeElement labelNode = entity.getFirstChild("label");
        String label = labelNode != null && labelNode.getValue() != null ? labelNode.getValue().uncast().getString() : "";
        Map<String, String> properties = new LinkedHashMap<>();
        collect(scope, scope, saveTo, properties);
        Entity known = list.entities.get(id);
        if (known != null && update) {
            if (!label.isBlank()) known.label = label;
            known.properties.putAll(properties);
            known.version++;
            updated++;
        } else if (create && !label.isBlank() && !list.approval) {
            Entity fresh = new Entity(id);
            fresh.label = label;
            fresh.properties.putAll(properties);
            list.entities.put(id, fresh);
            created++;
        }
    }

    private void collect(TreeElement element, TreeElement scope, Map<String, String> saveTo, Map<String, String> out) {
        for (int i = 0; i < element.getNumChildren(); i++) {
            TreeElement child = element.getChildAt(i);
            if (child.getMult() == TreeReference.INDEX_TEMPLATE || child.getName().equals("meta")) continue;
            TreeElement meta = child.getFirstChild("meta");
            if (child != scope && meta != null && meta.getFirstChild("entity") != null) continue;   // belongs to an inner entity
            String property = saveTo.get(child.getRef().genericize().toString(false));
            if (property != null && child.isRelevant()) out.put(property, child.getValue() == null ? "" : child.getValue().uncast().getString());
            if (child.hasChildren()) collect(child, scope, saveTo, out);
        }
    }

    private static boolean yes(String s) {
        return s != null && (s.equals("1") || s.equalsIgnoreCase("true"));
    }
}
