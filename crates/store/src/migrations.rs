//! Migrations: numbered SQL texts, embedded in the program, applied at start, forward only.
//!
//! One text serves both engines. What only one of them understands goes into a comment `/*sqlite … */` or `/*postgres … */`.

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::transaction::Tx;

/// One change of the database's schema or data.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its position in the order, from 1.
    pub number: i64,
    /// A word or two, for the log.
    pub name: &'static str,
    /// Its statements, separated by `;` at a line's end.
    pub sql: &'static str,
}

/// The store's own tables, applied before the numbered migrations.
const OWN_TABLES: &str = "
CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS journal_heads (workspace UUID PRIMARY KEY, seq BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS journal (
    workspace UUID NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL, channel UUID, payload TEXT NOT NULL,
    PRIMARY KEY (workspace, seq)
) /*sqlite WITHOUT ROWID */;
DROP INDEX IF EXISTS journal_at;
";

/// Applies the missing migrations, in the caller's transaction.
pub(crate) fn apply(tx: &Tx, migrations: &[Migration]) -> Result<()> {
    let engine = tx.engine();
    tx.batch(&for_engine(OWN_TABLES, engine))?;
    let applied: Vec<i64> = tx.all("SELECT number FROM migrations ORDER BY number", &[], |row| row.get(0))?;
    let found = applied.last().copied().unwrap_or(0);
    let known = migrations.last().map_or(0, |newest| newest.number);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    // Numbers are assigned before the work is done, so a lower one may be released after a higher one.
    for migration in migrations.iter().filter(|migration| !applied.contains(&migration.number)) {
        tx.batch(&for_engine(migration.sql, engine)).map_err(|cause| match cause {
            Error::DiskFailed(_) | Error::StorageFull(_) => cause,
            cause => Error::Migration {
                number: migration.number,
                name: migration.name.to_string(),
                cause: cause.to_string(),
            },
        })?;
        tx.run(
            "INSERT INTO migrations (number, name, applied_at) VALUES ($1, $2, $3)",
            &[&migration.number, &migration.name, &tx.now()],
        )?;
        tracing::info!(number = migration.number, name = migration.name, "migration applied");
    }
    Ok(())
}

/// Uncomments what is meant for `engine`; what is meant for the other stays a comment.
fn for_engine(sql: &str, engine: Engine) -> String {
    let mark = match engine {
        Engine::Sqlite => "/*sqlite",
        Engine::Postgres => "/*postgres",
    };
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once(mark) {
        text.push_str(before);
        let (inside, behind) = after.split_once("*/").unwrap_or((after, ""));
        text.push_str(inside);
        rest = behind;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_reads_its_own_comments_only() {
        let sql = "a /*sqlite b */ c /*postgres d */ e /*sqlite f*/";
        assert_eq!(for_engine(sql, Engine::Sqlite), "a  b  c /*postgres d */ e  f");
        assert_eq!(for_engine(sql, Engine::Postgres), "a /*sqlite b */ c  d  e /*sqlite f*/");
    }
}
