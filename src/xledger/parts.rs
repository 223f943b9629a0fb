//! The parts of a query: fields of its rows that are asked for together or not at all.

use super::optional::{self, is_within};
use super::query::Query;
use super::rights;

/// Fields that are asked for together or not at all.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Their paths below the root's rows, nothing within any of them.
    pub(super) fields: Vec<String>,
    /// Their place among what a refresh can do without; `None` if they are necessary.
    pub(super) optional: Option<usize>,
}

impl Part {
    /// The rights that it needs: its own, and those of what it lies in.
    pub(crate) fn rights(&self, query: Query) -> Vec<&'static str> {
        let field = self.fields.first().map_or("", String::as_str);
        let outer = field.match_indices('.').map(|(at, _)| &field[..at]);
        outer.chain([field]).map(|path| rights::right_for(query.root, path)).collect()
    }

    /// How deep its fields lie.
    pub(super) fn depth(&self) -> usize {
        self.fields.first().map_or(0, |field| field.matches('.').count())
    }

    /// The right that it needs beside those of what it lies in.
    pub(crate) fn right(&self, query: Query) -> &'static str {
        rights::right_for(query.root, self.fields.first().map_or("", String::as_str))
    }
}

/// The parts of a query's rows beside their id; none of a question that has no rows.
pub(crate) fn parts(query: Query) -> Vec<Part> {
    let paths = query.read().row_fields();
    let mut parts: Vec<Part> = Vec::new();
    for path in &paths {
        if path == "dbId" || paths.iter().any(|other| other != path && is_within(other, path)) {
            continue;
        }
        let optional = optional::covering(query, path);
        let right = rights::right_for(query.root, path);
        let together =
            |part: &&mut Part| part.optional == optional && (optional.is_some() || part.right(query) == right);
        match parts.iter_mut().find(together) {
            Some(part) => part.fields.push(path.clone()),
            None => parts.push(Part { fields: vec![path.clone()], optional }),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::super::query;
    use super::*;

    #[test]
    fn parts_are_what_is_asked_for_together() {
        for query in query::ALL {
            let parts = parts(*query);
            let mut fields: Vec<&String> = parts.iter().flat_map(|part| &part.fields).collect();
            let asked = Document::read(query.document).row_fields();
            fields.sort();
            assert!(fields.windows(2).all(|pair| pair[0] != pair[1]), "{}", query.name);
            for field in asked.iter().filter(|field| *field != "dbId") {
                assert!(fields.iter().any(|leaf| is_within(leaf, field)), "{field} of {}", query.name);
            }
        }
        assert!(parts(query::VIEWER).is_empty() && parts(query::DIALECT).is_empty());
    }
}
