import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.condition.EvaluationContext;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.xpath.XPathParseTool;
import org.javarosa.xpath.expr.XPathFuncExpr;

/**
 * Evaluates expressions over the primary instance of a form: what JavaRosa makes of them, for comparison.
 * usage: Expressions FORM.xml CASES, where a case is a line "context TAB expression"; prints first the midnight of today,
 * then one line per case: B boolean, N bits of a double, S text with \n and \\ escaped, D milliseconds, E exception.
 */
final class Expressions {
    private Expressions() {}

    public static void main(String[] args) throws Exception {
        JavaRosa.start();
        FormDef form = new XForm(Files.readAllBytes(Path.of(args[0]))).form;
        form.getLocalizer().setToDefault();
        StringBuilder out = new StringBuilder();
        out.append(((Date) XPathFuncExpr.toDate(new Date(), false)).getTime()).append('\n');
        for (String line : Files.readAllLines(Path.of(args[1]), StandardCharsets.UTF_8)) {
            int tab = line.indexOf('\t');
            out.append(value(form, line.substring(0, tab), line.substring(tab + 1))).append('\n');
        }
        System.out.write(out.toString().getBytes(StandardCharsets.UTF_8));
        System.out.flush();
    }

    private static String value(FormDef form, String context, String expression) {
        try {
            EvaluationContext at = new EvaluationContext(form.getEvaluationContext(), reference(context));
            Object value = XPathFuncExpr.unpack(XPathParseTool.parseXPath(expression).eval(form.getMainInstance(), at));
            if (value instanceof Boolean) return "B " + value;
            if (value instanceof Double) return "N " + Double.doubleToLongBits((Double) value);
            if (value instanceof Date) return "D " + ((Date) value).getTime();
            return "S " + value.toString().replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
        } catch (Exception | StackOverflowError e) {
            return "E " + e.getClass().getSimpleName() + " " + String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
        }
    }

    /** /data/member[2]/age: positions count from 1, and are 1 where none is written. */
    private static TreeReference reference(String path) {
        TreeReference ref = TreeReference.rootRef();
        for (String step : path.substring(1).split("/")) {
            int bracket = step.indexOf('[');
            int position = bracket < 0 ? 1 : Integer.parseInt(step.substring(bracket + 1, step.length() - 1));
            ref.add(bracket < 0 ? step : step.substring(0, bracket), position - 1);
        }
        return ref;
    }
}
