//! A document as its fields, so that one can be asked without some of them.

/// The operation of a document: what comes before its fields, and the fields.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    head: &'a str,
    fields: Vec<Field<'a>>,
}

/// A field with its arguments, and the fields within it.
#[derive(Debug)]
struct Field<'a> {
    text: &'a str,
    within: Vec<Field<'a>>,
}

impl<'a> Field<'a> {
    fn name(&self) -> &'a str {
        self.text.split('(').next().unwrap_or(self.text).trim_end()
    }
}

impl<'a> Document<'a> {
    /// Reads one of the documents in `queries/`: one operation, comments above it alone, no fragments, aliases or texts.
    pub(crate) fn read(text: &'a str) -> Self {
        let text = text.trim_start();
        let operation = text.find("query ").map_or(text, |at| &text[at..]);
        let at = operation.find('{').unwrap_or(operation.len());
        let (head, mut rest) = operation.split_at(at);
        rest = rest.strip_prefix('{').unwrap_or(rest);
        Self { head: head.trim_end(), fields: fields(&mut rest) }
    }

    /// The root that is asked.
    pub(crate) fn root(&self) -> &'a str {
        self.fields.first().map_or("", Field::name)
    }

    /// The paths of all fields of the root's rows, `header.transactionSource.code`.
    pub(crate) fn row_fields(&self) -> Vec<String> {
        let mut paths = Vec::new();
        each(&self.fields, None, &mut |path| paths.push(path.to_owned()));
        paths
    }

    /// The document as text, as short as it can be, without the fields of its rows for which `lost` says so, and without what would be
    /// left empty.
    pub(crate) fn without(&self, lost: impl Fn(&str) -> bool) -> String {
        let mut out = self.head.to_owned();
        write(&self.fields, None, &lost, &mut out);
        out
    }
}

/// A document without a variable that is not given, and without the argument that it is for: for Xledger, null is a condition.
pub(crate) fn without_variable(document: &str, name: &str) -> String {
    let declared = document.find(&format!("${name}:")).map(|at| {
        let end = document[at..].find([',', ')']).map_or(document.len(), |end| at + end);
        document[at..end].to_owned()
    });
    let Some(declared) = declared else { return document.to_owned() };
    let without = document.replace(&declared, "").replace(&format!("{name}: ${name}"), "");
    without.replace(", ,", ",").replace("( ,", "(").replace("(, ", "(").replace(", )", ")")
}

/// Reads fields up to the brace that closes them.
fn fields<'a>(rest: &mut &'a str) -> Vec<Field<'a>> {
    let mut found = Vec::new();
    loop {
        *rest = rest.trim_start();
        if rest.is_empty() {
            return found;
        }
        if let Some(after) = rest.strip_prefix('}') {
            *rest = after;
            return found;
        }
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        // What is no name is passed over: the documents are checked against the schema by a test.
        let end = end.max(rest.chars().next().map_or(1, char::len_utf8));
        let after = rest[end..].trim_start();
        let end = if after.starts_with('(') { rest.find(')').map_or(rest.len(), |at| at + 1) } else { end };
        let (text, after) = rest.split_at(end);
        *rest = after.trim_start();
        let within = match rest.strip_prefix('{') {
            Some(inner) => {
                *rest = inner;
                fields(rest)
            }
            None => Vec::new(),
        };
        found.push(Field { text, within });
    }
}

/// The path of a field below the rows: `None` above them, empty for the row itself.
fn below(path: Option<&str>, name: &str) -> Option<String> {
    match path {
        None => (name == "node").then(String::new),
        Some("") => Some(name.to_owned()),
        Some(path) => Some(format!("{path}.{name}")),
    }
}

fn each(fields: &[Field<'_>], path: Option<&str>, visit: &mut impl FnMut(&str)) {
    for field in fields {
        let path = below(path, field.name());
        if let Some(path) = path.as_deref().filter(|path| !path.is_empty()) {
            visit(path);
        }
        each(&field.within, path.as_deref(), visit);
    }
}

/// Writes a selection; returns whether there is anything in it.
fn write(fields: &[Field<'_>], path: Option<&str>, lost: &impl Fn(&str) -> bool, out: &mut String) -> bool {
    let begun = out.len();
    out.push('{');
    let mut any = false;
    for field in fields {
        let path = below(path, field.name());
        if path.as_deref().is_some_and(|path| !path.is_empty() && lost(path)) {
            continue;
        }
        let before = out.len();
        if any {
            out.push(' ');
        }
        out.push_str(field.text);
        if field.within.is_empty() || write(&field.within, path.as_deref(), lost, out) {
            any = true;
        } else {
            out.truncate(before);
        }
    }
    out.push('}');
    if !any {
        out.truncate(begun);
    }
    any
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Words with { and }.\nquery Q($first: Int!) {\n  roots(first: $first, status: ALL) {\n    edges {\n      cursor\n      node {\n        dbId\n        a { b { c } d }\n      }\n    }\n    pageInfo { hasNextPage }\n  }\n}\n";

    #[test]
    fn a_variable_that_is_not_given_is_left_out() {
        let text = "query Q($first: Int!, $filter: F, $ownerSet: O) {r(first: $first, filter: $filter, ownerSet: $ownerSet) {x}}";
        let filter = "query Q($first: Int!, $ownerSet: O) {r(first: $first, ownerSet: $ownerSet) {x}}";
        assert_eq!(without_variable(text, "filter"), filter);
        assert_eq!(without_variable(filter, "ownerSet"), "query Q($first: Int!) {r(first: $first) {x}}");
        assert_eq!(without_variable(filter, "after"), filter);
    }

    #[test]
    fn a_document_is_asked_without_some_fields() {
        let document = Document::read(TEXT);
        assert_eq!(document.root(), "roots");
        assert_eq!(document.row_fields(), ["dbId", "a", "a.b", "a.b.c", "a.d"]);
        let begin = "query Q($first: Int!){roots(first: $first, status: ALL){edges{cursor node{dbId";
        for (lost, rest) in [
            (&[][..], " a{b{c} d}}} pageInfo{hasNextPage}}}"),
            (&["a.b"], " a{d}}} pageInfo{hasNextPage}}}"),
            (&["a.b.c"], " a{d}}} pageInfo{hasNextPage}}}"),
            (&["a.b", "a.d"], "}} pageInfo{hasNextPage}}}"),
            (&["a"], "}} pageInfo{hasNextPage}}}"),
        ] {
            assert_eq!(document.without(|path| lost.contains(&path)), format!("{begin}{rest}"), "{lost:?}");
        }
    }
}
