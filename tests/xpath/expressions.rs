//! Expressions for the comparison with JavaRosa: chosen ones, and any number by chance.

/// The answers that expressions look at.
pub(super) const INSTANCE: &str = "<whole>42</whole><negative>-7</negative><decimal>3.25</decimal>\
<tiny>0.00012</tiny><huge>12345678901.5</huge><word>kita</word><accented>Kéniéba  sud</accented>\
<digits>0012</digits><blank/><blank_int/><day>2026-02-28</day><later>2026-03-01</later>\
<instant>2026-02-28T13:45:30.250Z</instant><yes>1</yes><place>kita</place><colour>red</colour><many>a c</many>\
<point>12.65 -8.0 331.5 4.5</point><other_point>12.64 -8.01 0 0</other_point>\
<shape>12.0 -8.0 0 0;12.0 -8.1 0 0;12.1 -8.1 0 0;12.1 -8.0 0 0;12.0 -8.0 0 0</shape>\
<group><inner>5</inner><region>kayes</region></group>\
<member><age>30</age><name>Awa</name><seen>2025-01-31</seen>\
<tool><price>1.5</price><label>pic</label></tool><tool><price>2.25</price><label>pelle</label></tool></member>\
<member><age>12</age><name>Moussa</name><seen/><tool><price>10</price><label>pompe</label></tool></member>\
<member><age/><name>Awa</name><seen>2026-02-28</seen><tool><price/><label/></tool></member>";

/// A list to look things up in, longer than what is worth an index.
pub(super) const PLACES: &str = "<item><name>kita</name><region>kayes</region><size>3</size></item>\
<item><name>kéniéba</name><region>kayes</region><size>12</size></item>\
<item><name>ségou</name><region>segou</region><size>0</size></item>\
<item><name>12</name><region>kayes</region><size></size></item>\
<item><name>a</name><region>x</region></item><item><name>b</name><region>x</region></item>\
<item><name>c</name><region>x</region></item><item><name>d</name><region>x</region></item>\
<item><name>e</name><region>x</region></item><item><name>f</name><region>x</region></item>\
<item><name>g</name><region>y</region></item><item><name>h</name><region>y</region></item>\
<item><name>i</name><region>y</region></item><item><name>j</name><region>y</region></item>\
<item><name>k</name><region>y</region></item><item><name>l</name><region>y</region></item>\
<item><name>m</name><region>y</region></item><item><name>red</name><region>y</region></item>";

/// Where expressions are evaluated: at the top, in a group, in a repeat and in one inside it.
pub(super) const CONTEXTS: [&str; 6] = [
    "/data/whole",
    "/data/word",
    "/data/group/inner",
    "/data/member[1]/age",
    "/data/member[2]/name",
    "/data/member[1]/tool[2]/price",
];

/// Paths that hold a number, a text, a date and many nodes.
const NUMBERS: [&str; 14] = [
    "/data/whole",
    "/data/negative",
    "/data/decimal",
    "/data/tiny",
    "/data/huge",
    "/data/blank_int",
    "/data/digits",
    "/data/group/inner",
    "../whole",
    ".",
    "/data/member[name = 'Moussa']/age",
    "instance('places')/root/item[name = 'kita']/size",
    "/data/member[position() = 1]/age",
    "current()/../age",
];
const TEXTS: [&str; 16] = [
    "/data/word",
    "/data/accented",
    "/data/digits",
    "/data/blank",
    "/data/colour",
    "/data/many",
    "/data/group/region",
    ".",
    "../name",
    "/data/point",
    "/data/shape",
    "/data/member[age = 30]/name",
    "instance('places')/root/item[name = /data/word]/region",
    "instance('places')/root/item[size > 5]/name",
    "../../word",
    "current()/../name",
];
const DATES: [&str; 7] = [
    "/data/day",
    "/data/later",
    "/data/instant",
    "today()",
    "date('2024-02-29')",
    "/data/member[1 = 1][position() = 1]/seen",
    "date-time('2026-01-01T10:20:30.5+01:00')",
];
const SETS: [&str; 10] = [
    "/data/member",
    "/data/member/age",
    "/data/member/name",
    "../../member/age",
    "../tool/price",
    "/data/member/tool/price",
    "/data/member[name = 'Awa']/age",
    "/data/member/seen",
    "instance('places')/root/item",
    "instance('places')/root/item[region = 'kayes']/size",
];
const LITERALS: [&str; 18] = [
    "0",
    "1",
    "2",
    "-1",
    "7",
    "0.5",
    "2.5",
    "100",
    "1000000",
    "''",
    "'a'",
    "'kita'",
    "'12'",
    "'1,5'",
    "'2026-02-28'",
    "'é'",
    "'  x y '",
    "'true'",
];

/// An expression generator with a seed.
pub(super) struct Generator(u64);

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A context and an expression.
    pub(super) fn case(&mut self) -> (String, String) {
        let context = self.pick(&CONTEXTS).to_owned();
        let expression = match self.below(4) {
            0 => self.truth(3),
            1 => self.number(3),
            2 => self.text(3),
            _ => self.any(3),
        };
        (context, expression)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits fit") % limit
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn any(&mut self, depth: usize) -> String {
        match self.below(6) {
            0 => self.truth(depth),
            1 | 2 => self.number(depth),
            3 | 4 => self.text(depth),
            _ => self.date(depth),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self
                .pick(&["true()", "false()", "/data/yes", "1 = 1", "'' = /data/blank"])
                .to_owned();
        }
        let d = depth - 1;
        match self.below(15) {
            0 | 1 => {
                let operator = self.pick(&["=", "!=", "<", "<=", ">", ">="]);
                format!("{} {operator} {}", self.any(d), self.any(d))
            }
            2 => format!("{} and {}", self.truth(d), self.any(d)),
            3 => format!("{} or {}", self.any(d), self.truth(d)),
            4 => format!("not({})", self.any(d)),
            5 => format!("selected({}, {})", self.text(d), self.text(d)),
            6 => format!("regex({}, '{}')", self.text(d), self.pick(&PATTERNS)),
            7 => {
                let function = self.pick(&["contains", "starts-with", "ends-with"]);
                format!("{function}({}, {})", self.text(d), self.text(d))
            }
            8 => format!("boolean({})", self.any(d)),
            9 => format!("boolean-from-string({})", self.any(d)),
            10 => format!(
                "checklist({}, {}, {}, {})",
                self.number(0),
                self.number(0),
                self.truth(d),
                self.any(d)
            ),
            11 => format!(
                "weighted-checklist({}, 9, {}, {}, {}, 2)",
                self.number(0),
                self.truth(d),
                self.number(d),
                self.any(d)
            ),
            12 => format!(
                "geofence({}, /data/shape)",
                self.pick(&["/data/point", "/data/other_point", "'12.05 -8.05'"])
            ),
            13 => format!("({} = {} = {})", self.any(d), self.number(d), self.any(d)),
            _ => format!("if({}, {}, {})", self.truth(d), self.truth(d), self.truth(d)),
        }
    }

    fn number(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.below(3) == 0 {
                self.pick(&LITERALS).to_owned()
            } else {
                self.pick(&NUMBERS).to_owned()
            };
        }
        let d = depth - 1;
        match self.below(20) {
            0..=3 => {
                let operator = self.pick(&["+", "-", "*", "div", "mod"]);
                format!("{} {operator} {}", self.number(d), self.number(d))
            }
            4 => format!("-({})", self.any(d)),
            5 => format!("int({})", self.any(d)),
            6 => format!("round({})", self.number(d)),
            7 => format!(
                "round({}, {})",
                self.number(d),
                self.pick(&["0", "1", "2", "-1", "-2", "31"])
            ),
            8 => format!("number({})", self.any(d)),
            9 => {
                let function = self.pick(&[
                    "abs", "sqrt", "sin", "cos", "tan", "exp", "log", "log10", "acos", "asin",
                    "atan", "exp10",
                ]);
                format!("{function}({})", self.any(d))
            }
            10 => format!(
                "pow({}, {})",
                self.number(d),
                self.pick(&["2", "0.5", "-1", "0", "/data/blank"])
            ),
            11 => {
                let function = self.pick(&["count", "sum", "count-non-empty", "max", "min"]);
                format!("{function}({})", self.pick(&SETS))
            }
            12 => {
                let function = self.pick(&["max", "min"]);
                format!("{function}({}, {})", self.any(d), self.number(d))
            }
            13 => format!("count-selected({})", self.text(d)),
            14 => format!("string-length({})", self.any(d)),
            15 => {
                let function = self.pick(&["decimal-date-time", "decimal-time"]);
                format!("{function}({})", self.date(d))
            }
            16 => format!(
                "position({})",
                self.pick(&["..", "../..", "/data/member[name = 'Moussa']", "."])
            ),
            17 => self
                .pick(&[
                    "distance(/data/shape)",
                    "area(/data/shape)",
                    "distance(/data/point, /data/other_point)",
                    "distance('12 -8;12.1 -8.1')",
                    "distance(/data/blank)",
                    "area(/data/point)",
                    "pi()",
                    "atan2(1, /data/decimal)",
                ])
                .to_owned(),
            18 => format!("if({}, {}, {})", self.truth(d), self.number(d), self.number(d)),
            _ => format!("coalesce({}, {})", self.number(d), self.number(d)),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 {
            return if self.below(3) == 0 {
                self.pick(&LITERALS).to_owned()
            } else {
                self.pick(&TEXTS).to_owned()
            };
        }
        let d = depth - 1;
        match self.below(15) {
            0 | 1 => format!("concat({}, {})", self.any(d), self.any(d)),
            2 => format!("join({}, {})", self.pick(&["' '", "','", "''", "1"]), self.pick(&SETS)),
            3 => format!(
                "substr({}, {}, {})",
                self.any(d),
                self.pick(&["0", "1", "-2", "99"]),
                self.pick(&["1", "3", "-1", "/data/whole"])
            ),
            4 => format!("substr({}, {})", self.text(d), self.number(d)),
            5 => {
                let function = self.pick(&["substring-before", "substring-after"]);
                format!("{function}({}, {})", self.any(d), self.text(d))
            }
            6 => format!("translate({}, 'abcé-', 'XYz')", self.any(d)),
            7 => format!("normalize-space({})", self.any(d)),
            8 => format!("string({})", self.any(d)),
            9 => format!("selected-at({}, {})", self.text(d), self.number(0)),
            10 => format!(
                "format-date({}, '{}')",
                self.date(d),
                self.pick(&["%Y-%m-%d", "%d/%n/%y %e", "%H:%M:%S.%3", "%h%%"])
            ),
            11 => format!(
                "digest({}, '{}', '{}')",
                self.any(d),
                self.pick(&["MD5", "SHA-256"]),
                self.pick(&["hex", "base64"])
            ),
            12 => format!("if({}, {}, {})", self.truth(d), self.any(d), self.text(d)),
            13 => format!("indexed-repeat(/data/member/name, /data/member, {})", self.number(d)),
            _ => format!("jr:choice-name({}, '/data/colour')", self.text(d)),
        }
    }

    fn date(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&DATES).to_owned();
        }
        let d = depth - 1;
        match self.below(6) {
            0 => format!("date({})", self.number(d)),
            1 => format!("date({})", self.date(d)),
            2 => format!("date-time({})", self.any(d)),
            3 => format!("date({} + {})", self.date(d), self.number(d)),
            4 => format!("if({}, {}, {})", self.truth(d), self.date(d), self.date(d)),
            _ => self.pick(&DATES).to_owned(),
        }
    }
}

const PATTERNS: [&str; 14] = [
    "[a-z]+",
    "^[A-Z]{2}[0-9]{3}$",
    ".*",
    "\\d+",
    "[^a-z]*",
    "\\s*[\\wé]+\\s*.*",
    "(a|b)? ?c?",
    ".+@.+[.].+",
    "[0-9.,-]*",
    "K.*|k.*",
    "\\p{L}+",
    "(?:ki)(ta)",
    "[-+]?[0-9]{1,3}([.][0-9]*)?",
    "a{0,2}b??",
];

/// Expressions that forms really have, or that were once read differently.
pub(super) const PLAIN: &[&str] = &[
    "not(selected(., 'none') and count-selected(.) > 1)",
    ". <= today() and . >= date('1920-01-01')",
    "selected-at(/data/point, 3) <= 20",
    ". >= 0 and (. + /data/whole) <= /data/huge",
    "/data/blank = '' or . > /data/whole",
    "instance('places')/root/item[name = /data/word]/region",
    "instance('places')/root/item[region = /data/group/region and size > 1][position() = 2]/name",
    "count(instance('places')/root/item[region = current()/../region])",
    "count(/data/member)",
    "count(/data/member/age)",
    "count(../../member)",
    "count(../member)",
    "sum(/data/member/age)",
    "sum(/data/member/tool/price)",
    "count(/data/member/tool)",
    "count(../tool)",
    "/data/member/age",
    "/data/member[2]/age",
    "/data/member[position() = 2]/age",
    "/data/member[position() > 1]/name",
    "indexed-repeat(/data/member/age, /data/member, 2)",
    "indexed-repeat(/data/member/age, /data/member, position(..))",
    "indexed-repeat(/data/member/age, /data/member, position(..) - 1)",
    "indexed-repeat(/data/member/tool/price, /data/member, 1, /data/member/tool, 2)",
    "indexed-repeat(/data/member/age, /data/member, 9)",
    "position(..)",
    "position(../..)",
    "position()",
    "position(/data/nowhere)",
    "once('x')",
    "string-length()",
    "normalize-space()",
    "version()",
    "coalesce(/data/blank, /data/word)",
    "max(-5, -3)",
    "min(/data/blank, 3)",
    "max(/data/blank)",
    "sum(/data/blank)",
    "max()",
    "concat()",
    "1 div 0",
    "-1 div 0",
    "0 div 0",
    "5 mod 3",
    "-5 mod 3",
    "5.5 mod -2",
    "- - 3",
    "2 * -3",
    "1 - -1",
    "--3",
    "10000000 * 10",
    "1 div 3",
    "0.1 + 0.2",
    "0.1 + 0.2 = 0.3",
    "100000 * 100000",
    "string(1 div 3)",
    "string(12345678901.5)",
    "string(0.00001)",
    "string(1000000000000)",
    "string(-0.0000000000001)",
    "round(-2.5)",
    "round(2.5)",
    "round(1.005, 2)",
    "int(-2.7)",
    "int('x')",
    "round('x')",
    "number('1e3')",
    "number(' 12 ')",
    "number('1,5')",
    "number('-')",
    "number('')",
    "'a' < 'b'",
    "'2' < '10'",
    "'1' = 1",
    "'1.0' = '1'",
    "true() = 'false'",
    "true() > 0",
    "'' = 0",
    "/data/day = '2026-02-28'",
    "/data/day + 1 = /data/later",
    "/data/day < /data/instant",
    "/data/instant = '2026-02-28'",
    "string(/data/instant)",
    "date('2026-02-30')",
    "date('')",
    "date('x')",
    "date(1e9)",
    "date(20000.7)",
    "date-time(20000.7)",
    "date(true())",
    "date('2026-02-28T23:59:59.999-12:00')",
    "format-date(/data/instant, '%Y-%m-%d %H:%M:%S.%3')",
    "format-date('', '%Y')",
    "format-date(/data/day, '%Q')",
    "format-date(/data/day, '%')",
    "decimal-time('2026-01-01T12:00:00')",
    "decimal-date-time(/data/instant)",
    "selected(/data/many, 'a')",
    "selected(/data/many, 'a c')",
    "selected(/data/many, '')",
    "selected(/data/whole, '42')",
    "count-selected('  a  b ')",
    "selected-at('a b c', 1)",
    "selected-at('a b c', 3)",
    "selected-at('a b', -1)",
    "substr('kita', 1)",
    "substr('kita', -2)",
    "substr('kita', 3, 1)",
    "substr('kita', 0, -1)",
    "substr('kita', 'x')",
    "if('false', 1, 2)",
    "if('', 1, 2)",
    "if(0, 1, 2)",
    "boolean('0')",
    "boolean-from-string('TRUE')",
    "boolean-from-string(1)",
    "regex('', '')",
    "regex(/data/word, /data/word)",
    "regex('a', '(')",
    "true() and 'x'",
    "1 or 1 div 0",
    "a or true()",
    "nowhere",
    "/data/nowhere/deeper",
    "count(nowhere)",
    "/other/whole",
    "../../../../..",
    "count(..)",
    "string(..)",
    "/data/whole/text",
    "concat(/data/member/name)",
    "join('-', /data/member/name)",
    "join('-', 'a', 'b')",
    "join('-')",
    "jr:choice-name('red', '/data/colour')",
    "jr:choice-name('green', '/data/colour')",
    "jr:choice-name('b', '/data/many')",
    "digest('abc', 'MD5', 'hex')",
    "digest('abc', 'SHA-256')",
    "digest('abc', 'SHA-512', 'base64')",
    "base64-decode('w6k=')",
    "randomize(/data/member/name, 1)",
    "join(',', randomize(/data/member/name, 7))",
    "join(',', randomize(instance('places')/root/item/name, 42))",
    "/data/whole div 2",
    "/data/whole*2",
    "/data/whole -1",
    "/data/day - 1",
    "date(/data/day - 1)",
    "current()/.",
    "current()/../age",
    "./.",
    "self::node()",
    "parent::node()/age",
    "child::age",
    "count(/data/member[name = current()/../name])",
    "count(/data/member[age > ../age])",
    "/data/member[name = 'Awa'][position() = 2]/seen",
    "count(/data/member['x'])",
    "count(/data/member[1])",
    "count(/data/member[tool/price > 2])",
    "sum(/data/member[position() = position(current()/..)]/tool/price)",
    "distance(/data/member)",
    "area(/data/blank)",
    "distance(/data/whole)",
    "geofence('x', /data/shape)",
    "distance()",
    "checklist(-1, 2, 'a', '')",
    "checklist(1, -1, /data/member/age)",
    "weighted-checklist(1, 2, /data/member/age, /data/member/age)",
    "depend('a', 'b')",
    "string(true())",
    "number(true())",
    "string(1 = 1)",
    "0.1 * 3",
    "1000000 * 1.5",
    "(1 = 1) + 1",
    "translate('abc', 'abc', 'x')",
    "substring-before('2026-02', '-')",
    "substring-after('a', '')",
    "contains('a', '')",
    "string-length('é𝄞')",
    "substr('é𝄞a', 1, 3)",
    "'\"'",
    "\"it's\"",
    ".5 + 5.",
    "1=1=1",
    "1 < 2 = 2 > 1",
    "2 - 1 - 1",
    "8 div 2 div 2",
];
