import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;

/** --self-test: fills a small form without a server and checks what comes out. */
final class SelfTest {
    private static final String FORM = """
        <h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa">
        <h:head><h:title>Essai</h:title><model><instance><data id="essai" version="7"><carte/><age/><sexe/><site/><photo/>
        <enfant jr:template=""><prenom/></enfant><meta><instanceID/></meta></data></instance>
        <bind nodeset="/data/carte" type="string" required="true()" constraint="regex(., '^ORP-[0-9]{7}-[0-9A-Z]$')"/>
        <bind nodeset="/data/age" type="int" required="true()" constraint=". &gt;= 18 and . &lt;= 99"/>
        <bind nodeset="/data/sexe" type="string" required="true()"/><bind nodeset="/data/site" type="geopoint" required="true()"/>
        <bind nodeset="/data/photo" type="binary"/><bind nodeset="/data/enfant/prenom" type="string" required="true()"/>
        <bind nodeset="/data/meta/instanceID" type="string" readonly="true()" jr:preload="uid"/></model></h:head>
        <h:body><input ref="/data/carte"><label>Carte</label></input><input ref="/data/age"><label>Âge</label></input>
        <select1 ref="/data/sexe"><label>Sexe</label><item><label>F</label><value>female</value></item>
        <item><label>M</label><value>male</value></item></select1><input ref="/data/site"><label>Site</label></input>
        <upload ref="/data/photo" mediatype="image/*"><label>Photo</label></upload>
        <group ref="/data/enfant"><label>Enfant</label><repeat nodeset="/data/enfant"><input ref="/data/enfant/prenom">
        <label>Prénom</label></input></repeat></group></h:body></h:html>""";
    private static final String ANSWERS = """
        {"carte": {"$try": ["orp-1", "${card:ORP:1234}"]}, "age": {"$try": [12, "${int:18:60}"]}, "sexe": "$any",
         "site": "12.6 -8.0 330 4", "photo": "@gen:jpg:2", "enfant": [{"prenom": "Awa"}, {"prenom": "Bakary"}]}""";

    private SelfTest() {}

    static void run(Tally tally) {
        check(tally, "cards", SelfTest::cards);
        check(tally, "regular expressions", SelfTest::regularExpressions);
        check(tally, "form with answers", () -> answered(tally));
        check(tally, "form by guessing", SelfTest::guessed);
        check(tally, "invalid answer", SelfTest::invalidAnswer);
    }

    private interface Check {
        void run() throws Exception;
    }

    private static void check(Tally tally, String name, Check check) {
        try {
            check.run();
            tally.succeeded();
        } catch (Throwable t) {   // a self-test reports whatever went wrong, JavaRosa's own errors too
            tally.failed(name + ":", t, true);
        }
    }

    private static void cards() {
        same("ORP-0000000-D", CardNumber.of("ORP", 0));
        same("ORP-0001234-X", CardNumber.of("ORP", 1234));
        same("ORP-9999999-5", CardNumber.of("ORP", 9_999_999));
        same("ENF-0004321-O", CardNumber.of("ENF", 4321));
    }

    private static void regularExpressions() {
        Random random = new Random(1);
        for (String re : List.of("^[A-Z]{2}[0-9]{3}$", "^(7|6)[0-9]{7}$", "^\\d{2,4}(?:ab|cd)?x*$", "^[+][0-9]{8,15}$"))
            for (int i = 0; i < 50; i++) {
                String s = RegexSample.of(re, random);
                if (!s.matches(re)) throw new Fail(s + " does not match " + re);
            }
    }

    private static void answered(Tally tally) throws Exception {
        long start = System.nanoTime();
        Filled f = fill(new Options(), ANSWERS);
        tally.filled(f, System.nanoTime() - start);
        same("essai 7", f.formId + " " + f.version);
        same("[constraint refused /data/carte[1] = orp-1, constraint refused /data/age[1] = 12]", f.refusedAnswers.toString());
        same("1 file", f.files.size() + " file");
        String xml = new String(f.xml, StandardCharsets.UTF_8);
        for (String part : List.of("<carte>ORP-0001234-X</carte>", "<prenom>Awa</prenom>", "<prenom>Bakary</prenom>", f.instanceId))
            if (!xml.contains(part)) throw new Fail("no " + part + " in " + xml);
    }

    private static void guessed() throws Exception {
        for (int seed = 0; seed < 20; seed++) {
            String xml = new String(fill(new Options("--auto", "--seed", "" + seed, "--image-kb", "1"), "{}").xml, StandardCharsets.UTF_8);
            if (!xml.matches("(?s).*<carte>ORP-[0-9]{7}-[0-9A-Z]</carte>.*")) throw new Fail("no card in " + xml);
        }
    }

    private static void invalidAnswer() throws Exception {
        try {
            fill(new Options(), ANSWERS.replace("${int:18:60}", "13"));
        } catch (java.io.IOException refused) {
            return;
        }
        throw new Fail("an age of 13 passed the constraint");
    }

    private static Filled fill(Options options, String answers) throws Exception {
        JsonNode json = new ObjectMapper().readTree(answers);
        return new Filler(FORM.getBytes(StandardCharsets.UTF_8), json, options, 0).fill(null);
    }

    private static void same(String expected, String found) {
        if (!expected.equals(found)) throw new Fail("expected " + expected + ", found " + found);
    }
}
