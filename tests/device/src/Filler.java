import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.ValidateOutcome;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.MultipleItemsData;
import org.javarosa.core.model.data.SelectMultiData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.xform.util.XFormAnswerDataParser;

/** Walks a form as an interviewer does, question by question, and finalises it. */
final class Filler {
    private static final int ENDLESS = 20_000;   // steps; our longest form takes a few hundred
    private static final int GUESSES = 40;       // per question, before --auto gives up

    private final XForm xform;
    private final FormDef form;
    private final FormEntryController entry;
    private final Filled filled = new Filled();
    private final Templates templates;
    private final Answers answers;
    private final Attachments attachments;
    private final Guess guess;
    private final boolean auto;
    private final long seq;

    Filler(byte[] xml, JsonNode answersFile, Options options, long seq) throws Exception {
        xform = new XForm(xml);
        form = xform.form;
        this.seq = seq;
        auto = options.has("auto");
        Random random = new Random(options.number("seed", 1) * 1_000_003L + seq);
        templates = new Templates(random, seq);
        answers = new Answers(answersFile, templates);
        attachments = new Attachments(random, filled.files, options.number("image-kb", 30));
        guess = new Guess(random, new Constraints(xml), attachments);
        form.initialize(true, new InstanceInitializationFactory());
        entry = new FormEntryController(new FormEntryModel(form));
    }

    Filled fill(EntityStore entities) throws Exception {
        entry.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        int steps = 0;
        for (int event; (event = entry.stepToNextEvent()) != FormEntryController.EVENT_END_OF_FORM; ) {
            if (++steps > ENDLESS) throw new IOException("the form does not end");
            if (event == FormEntryController.EVENT_QUESTION) ask();
            else if (event == FormEntryController.EVENT_PROMPT_NEW_REPEAT) repeat();
        }
        Instance.addAudit(form, filled);
        ValidateOutcome outcome = form.validate(true);
        if (outcome != null) throw new IOException("validation failed at " + outcome.failedPrompt.getReference() + ", outcome " + outcome.outcome);
        entry.finalizeFormEntry();
        if (entities != null && xform.hasOfflineEntities()) entities.apply(form, xform.saveTo);
        filled.title = form.getTitle() == null ? "form" : form.getTitle();
        return Instance.serialise(form, filled);
    }

    /** The same form, edited after it was sent. */
    Filled edit() throws Exception {
        return Instance.edit(form, filled);
    }

    private void repeat() {
        FormIndex index = entry.getModel().getFormIndex();
        Integer asked = answers.repeats(index.getReference());
        int name = index.getReference().genericize().toString().hashCode();
        int wanted = asked != null ? asked : auto ? new Random(seq * 31 + name).nextInt(4) : 0;
        if (index.getElementMultiplicity() < wanted) entry.newRepeat();
    }

    private void ask() throws Exception {
        FormEntryPrompt q = entry.getModel().getQuestionPrompt();
        TreeReference ref = entry.getModel().getFormIndex().getReference();
        filled.asked++;
        if (q.isReadOnly()) return;
        List<String> tries = answers.tries(ref);
        if (!tries.isEmpty()) {
            given(q, ref, tries);
        } else if (auto) {
            guessed(q, ref);
        } else if (q.isRequired() && q.getAnswerValue() == null) {
            throw new IOException("no answer for required " + ref);
        }
    }

    /** Answers from the file: refusals are noted, one answer must pass, an empty one leaves the question open. */
    private void given(FormEntryPrompt q, TreeReference ref, List<String> tries) throws Exception {
        boolean open = false;
        for (String t : tries) {
            IAnswerData d = answer(q, ref, templates.expand(t));
            if (d == null) {
                open = true;
                continue;
            }
            int verdict = entry.answerQuestion(d, true);
            if (verdict == FormEntryController.ANSWER_OK) {
                filled.answered++;
                return;
            }
            boolean constraint = verdict == FormEntryController.ANSWER_CONSTRAINT_VIOLATED;
            filled.refusedAnswers.add((constraint ? "constraint refused " : "required ") + ref + " = " + t);
        }
        if (!open || q.isRequired()) throw new IOException("every answer was refused for " + ref + ": " + tries);
        entry.answerQuestion(null, true);
    }

    private void guessed(FormEntryPrompt q, TreeReference ref) throws Exception {
        for (int i = 0; i < GUESSES; i++) {
            IAnswerData d = guess.answer(q, ref.toString(false));
            if (d != null && entry.answerQuestion(d, true) == FormEntryController.ANSWER_OK) {
                filled.answered++;
                return;
            }
        }
        entry.answerQuestion(null, true);
        if (q.isRequired()) throw new IOException("--auto found no answer for required " + ref);
    }

    private IAnswerData answer(FormEntryPrompt q, TreeReference ref, String s) throws Exception {
        if (s.isEmpty()) return null;
        if (s.equals("$any")) return guess.answer(q, ref.toString(false));
        switch (q.getControlType()) {
            case Constants.CONTROL_SELECT_ONE: return one(q, s);
            case Constants.CONTROL_SELECT_MULTI: return new SelectMultiData(several(q, s));
            case Constants.CONTROL_RANK: return new MultipleItemsData(several(q, s));
            case Constants.CONTROL_TRIGGER: return new StringData(s);
            default: break;
        }
        if (Attachments.wants(q)) return attachments.attach(s);
        return XFormAnswerDataParser.getAnswerData(s, q.getDataType(), q.getQuestion());
    }

    /** A value, "$last" (the newest entity of the phone) or "$index:N". */
    private SelectOneData one(FormEntryPrompt q, String s) throws IOException {
        List<SelectChoice> offered = q.getSelectChoices();
        if (s.equals("$last")) return offered.isEmpty() ? null : new SelectOneData(offered.get(offered.size() - 1).selection());
        if (!s.startsWith("$index:")) return new SelectOneData(choice(q, s));
        return new SelectOneData(offered.get(Integer.parseInt(s.substring(7)) % offered.size()).selection());
    }

    private List<Selection> several(FormEntryPrompt q, String s) throws IOException {
        List<Selection> chosen = new ArrayList<>();
        for (String value : s.split("\\s+")) chosen.add(choice(q, value));
        return chosen;
    }

    private Selection choice(FormEntryPrompt q, String value) throws IOException {
        for (SelectChoice c : q.getSelectChoices()) if (c.getValue().equals(value)) return c.selection();
        throw new IOException("choice '" + value + "' is not offered at " + entry.getModel().getFormIndex().getReference()
            + " (" + q.getSelectChoices().size() + " offered)");
    }
}
