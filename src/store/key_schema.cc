// The tables of keys, on each database.
#include "db/store.h"
#include "store/key_service.h"

namespace gatehouse::store {

namespace {

// The history of keys: one row for each change, made in the transaction that changes, by triggers, so that no
// change can be made without it. gatehouse_key_version counts the changes, and its one row is held until the
// commit: numbers have no gaps, and are in the order in which the changes can be seen. The last
// GATEHOUSE_KEPT_CHANGES rows are kept: a reader that is further behind reads all keys.
#define GATEHOUSE_KEPT_CHANGES "65536"
// In place of a key's id, which has no `*`: the instructions have changed. A server of an earlier version
// reads it as a key that is not there.
#define GATEHOUSE_INSTRUCTIONS_CHANGED "'*instructions'"

#define GATEHOUSE_RECORD_CHANGE(row)                                                                 \
  "  UPDATE gatehouse_key_version SET version = version + 1;"                                        \
  "  INSERT INTO gatehouse_key_changes SELECT version, value, " row                                  \
  " FROM gatehouse_key_version;"                                                                     \
  "  DELETE FROM gatehouse_key_changes WHERE number <= (SELECT version FROM gatehouse_key_version) " \
  "- " GATEHOUSE_KEPT_CHANGES "; END;"

constexpr db::Statement kKeySteps[] = {
    {
        "CREATE TABLE gatehouse_keys ("
        "  id TEXT PRIMARY KEY,"
        "  principal TEXT NOT NULL,"
        "  tenant TEXT NOT NULL,"
        "  roles TEXT NOT NULL,"   // JSON array
        "  scopes TEXT NOT NULL,"  // JSON array
        "  hash BLOB NOT NULL,"
        "  created INTEGER NOT NULL,"  // all times in nanoseconds since 1970
        "  expires INTEGER,"
        "  addresses TEXT NOT NULL,"  // JSON array of networks
        "  rotated_from TEXT REFERENCES gatehouse_keys,"
        "  overlap_until INTEGER,"  // of a key that another took over from
        "  revoked_at INTEGER,"
        "  last_used INTEGER"
        ") STRICT;"
        "CREATE UNIQUE INDEX gatehouse_keys_rotated ON gatehouse_keys (rotated_from) WHERE rotated_from IS "
        "NOT "
        "NULL;"
        // Says whether anything changed that a request depends on: events share the file and change it all
        // the time.
        "CREATE TABLE gatehouse_key_version (version INTEGER NOT NULL) STRICT;"
        "INSERT INTO gatehouse_key_version VALUES (1);"
        "CREATE TRIGGER gatehouse_keys_inserted AFTER INSERT ON gatehouse_keys BEGIN"
        "  UPDATE gatehouse_key_version SET version = version + 1; END;"
        "CREATE TRIGGER gatehouse_keys_deleted AFTER DELETE ON gatehouse_keys BEGIN"
        "  UPDATE gatehouse_key_version SET version = version + 1; END;"
        "CREATE TRIGGER gatehouse_keys_changed AFTER UPDATE OF id, principal, tenant, roles, scopes, hash, "
        "created, "
        "expires,"
        "    addresses, overlap_until, revoked_at ON gatehouse_keys BEGIN"
        "  UPDATE gatehouse_key_version SET version = version + 1; END;",
        "CREATE TABLE gatehouse_keys ("
        "  id text COLLATE \"C\" PRIMARY KEY,"
        "  principal text NOT NULL,"
        "  tenant text NOT NULL,"
        "  roles text NOT NULL,"
        "  scopes text NOT NULL,"
        "  authenticators text NOT NULL,"
        "  hash bytea NOT NULL,"
        "  created bigint NOT NULL,"
        "  expires bigint,"
        "  addresses text NOT NULL,"
        "  rotated_from text COLLATE \"C\" REFERENCES gatehouse_keys,"
        "  overlap_until bigint,"
        "  revoked_at bigint,"
        "  last_used bigint"
        ");"
        "CREATE UNIQUE INDEX gatehouse_keys_rotated ON gatehouse_keys (rotated_from) WHERE rotated_from IS "
        "NOT NULL;"
        "CREATE TABLE gatehouse_key_version (version bigint NOT NULL, value bigint NOT NULL);"
        "INSERT INTO gatehouse_key_version VALUES (1, hashtextextended(gen_random_uuid()::text, 0));",
    },
    {
        // JSON array. Keys from before there were several authenticators name none.
        "ALTER TABLE gatehouse_keys ADD COLUMN authenticators TEXT NOT NULL DEFAULT '[]';"
        "CREATE TRIGGER gatehouse_keys_moved AFTER UPDATE OF authenticators ON gatehouse_keys BEGIN"
        "  UPDATE gatehouse_key_version SET version = version + 1; END;",
        "",
    },
    {
        // A number repeats after a backup was restored: a random value distinguishes the states. Every
        // trigger that changes the number draws one.
        "ALTER TABLE gatehouse_key_version ADD COLUMN value INTEGER NOT NULL DEFAULT 0;"
        "UPDATE gatehouse_key_version SET value = random();"
        "CREATE TRIGGER gatehouse_key_version_drawn AFTER UPDATE OF version ON gatehouse_key_version BEGIN"
        "  UPDATE gatehouse_key_version SET value = random(); END;",
        "",
    },
    // The changed keys, in addition to the number: a server reads only those. An id never changes.
    {
        "CREATE TABLE gatehouse_key_changes (number INTEGER PRIMARY KEY, value INTEGER NOT NULL, "
        "id TEXT NOT NULL) STRICT;"
        "INSERT INTO gatehouse_key_changes SELECT version, value, '' FROM gatehouse_key_version;"
        "DROP TRIGGER gatehouse_keys_inserted;"
        "DROP TRIGGER gatehouse_keys_deleted;"
        "DROP TRIGGER gatehouse_keys_changed;"
        "DROP TRIGGER gatehouse_keys_moved;"
        "CREATE TRIGGER gatehouse_keys_inserted AFTER INSERT ON gatehouse_keys BEGIN"  //
        GATEHOUSE_RECORD_CHANGE("NEW.id")                                              //
        "CREATE TRIGGER gatehouse_keys_deleted AFTER DELETE ON gatehouse_keys BEGIN"   //
        GATEHOUSE_RECORD_CHANGE("OLD.id")                                              //
        "CREATE TRIGGER gatehouse_keys_changed AFTER UPDATE OF principal, tenant, roles, scopes, hash, "
        "created, "
        "  expires, addresses, overlap_until, revoked_at, authenticators ON gatehouse_keys BEGIN"  //
        GATEHOUSE_RECORD_CHANGE("NEW.id")                                                          //
        "CREATE TRIGGER gatehouse_keys_named BEFORE UPDATE OF id ON gatehouse_keys "
        "  WHEN NEW.id IS NOT OLD.id BEGIN SELECT raise(ABORT, 'the id of a key does not change'); END;",
        "CREATE TABLE gatehouse_key_changes (number bigint PRIMARY KEY, value bigint NOT NULL, "
        "id text NOT NULL);"
        "INSERT INTO gatehouse_key_changes SELECT version, value, '' FROM gatehouse_key_version;"
        "CREATE FUNCTION gatehouse_key_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  IF TG_OP = 'UPDATE' AND NEW.id <> OLD.id THEN"
        "    RAISE integrity_constraint_violation USING MESSAGE = 'the id of a key does not change'; END IF;"
        "  UPDATE gatehouse_key_version"
        "    SET version = version + 1, value = hashtextextended(gen_random_uuid()::text, 0);"
        "  INSERT INTO gatehouse_key_changes"
        "    SELECT version, value, CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END"
        "    FROM gatehouse_key_version;"
        "  DELETE FROM gatehouse_key_changes"
        "    WHERE number <= (SELECT version FROM gatehouse_key_version) - " GATEHOUSE_KEPT_CHANGES ";"
        "  RETURN NULL; END $$;"
        "CREATE TRIGGER gatehouse_keys_changed AFTER INSERT OR DELETE OR UPDATE OF id, principal, tenant, "
        "roles, "
        "  scopes, hash, created, expires, addresses, overlap_until, revoked_at, authenticators "
        "  ON gatehouse_keys FOR EACH ROW EXECUTE FUNCTION gatehouse_key_changed();",
    },
    // What the event of a change says, until it is recorded (change_notes.h).
    {
        "CREATE TABLE gatehouse_key_events (id TEXT PRIMARY KEY, time INTEGER NOT NULL, operation TEXT NOT "
        "NULL, "
        "key TEXT NOT NULL, principal TEXT NOT NULL, actor TEXT NOT NULL, scheme TEXT NOT NULL, "
        "detail TEXT NOT NULL, maker INTEGER NOT NULL) STRICT;",
        "CREATE TABLE gatehouse_key_events (id text COLLATE \"C\" PRIMARY KEY, time bigint NOT NULL, "
        "operation text "
        "NOT NULL, "
        "key text NOT NULL, principal text NOT NULL, actor text NOT NULL, scheme text NOT NULL, "
        "detail text NOT NULL, maker bigint NOT NULL);",
    },
    // Instructions of operators to the servers (core/instructions.h), in the history of keys: a server reads
    // both with one look. And the results of a reload, one for each server.
    {
        "CREATE TABLE gatehouse_instructions (kind TEXT NOT NULL, subject TEXT NOT NULL, until INTEGER, "
        "text TEXT NOT NULL, given INTEGER NOT NULL, actor TEXT NOT NULL, PRIMARY KEY (kind, subject)) "
        "STRICT;"
        "CREATE TRIGGER gatehouse_instructions_inserted AFTER INSERT ON gatehouse_instructions BEGIN"  //
        GATEHOUSE_RECORD_CHANGE(GATEHOUSE_INSTRUCTIONS_CHANGED)                                        //
        "CREATE TRIGGER gatehouse_instructions_deleted AFTER DELETE ON gatehouse_instructions BEGIN"   //
        GATEHOUSE_RECORD_CHANGE(GATEHOUSE_INSTRUCTIONS_CHANGED)                                        //
        "CREATE TRIGGER gatehouse_instructions_changed AFTER UPDATE ON gatehouse_instructions BEGIN"   //
        GATEHOUSE_RECORD_CHANGE(GATEHOUSE_INSTRUCTIONS_CHANGED)                                        //
        "CREATE TABLE gatehouse_reloads (id TEXT NOT NULL, server TEXT NOT NULL, done INTEGER NOT NULL, "
        "configuration TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (id, server)) STRICT;",
        "CREATE TABLE gatehouse_instructions (kind text COLLATE \"C\" NOT NULL, "
        "subject text COLLATE \"C\" NOT NULL, until bigint, text text NOT NULL, given bigint NOT NULL, "
        "actor text NOT NULL, PRIMARY KEY (kind, subject));"
        "CREATE FUNCTION gatehouse_instruction_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        "  UPDATE gatehouse_key_version"
        "    SET version = version + 1, value = hashtextextended(gen_random_uuid()::text, 0);"
        "  INSERT INTO gatehouse_key_changes"
        "    SELECT version, value, " GATEHOUSE_INSTRUCTIONS_CHANGED " FROM gatehouse_key_version;"
        "  DELETE FROM gatehouse_key_changes"
        "    WHERE number <= (SELECT version FROM gatehouse_key_version) - " GATEHOUSE_KEPT_CHANGES ";"
        "  RETURN NULL; END $$;"
        "CREATE TRIGGER gatehouse_instructions_changed AFTER INSERT OR DELETE OR UPDATE "
        "  ON gatehouse_instructions FOR EACH ROW EXECUTE FUNCTION gatehouse_instruction_changed();"
        "CREATE TABLE gatehouse_reloads (id text NOT NULL, server text NOT NULL, done bigint NOT NULL, "
        "configuration text NOT NULL, text text NOT NULL, PRIMARY KEY (id, server));",
    },
    // Of the pepper by which the keys are hashed: one row, once it is known.
    {
        "CREATE TABLE gatehouse_pepper (fingerprint BLOB NOT NULL) STRICT;",
        "CREATE TABLE gatehouse_pepper (fingerprint bytea NOT NULL);",
    },
};

}  // namespace

net::Task<Result<>> prepare_key_tables(net::Loop& loop, db::Store& store) {
  return store.migrate(loop, "keys", kKeySteps);
}

}  // namespace gatehouse::store
