"""
What `catalog` asks PostgreSQL: one statement for each of its questions, its columns named as the profiles' fields.
"""

from typing import LiteralString

_NOT_SYSTEM: LiteralString = """
    n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' AND NOT EXISTS
        (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
"""

TABLES: LiteralString = f"""
    SELECT c.oid, CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS name,
        CASE WHEN c.reltuples > 0 THEN c.reltuples ELSE coalesce(s.n_live_tup, 0) END::float8 AS rows,
        pg_table_size(c.oid) AS size_bytes,
        coalesce(s.seq_scan, 0) AS seq_scans, coalesce(s.idx_scan, 0) AS index_scans,
        coalesce(s.n_tup_ins, 0) AS inserted, coalesce(s.n_tup_upd, 0) AS updated, coalesce(s.n_tup_del, 0) AS deleted
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
    WHERE c.relkind IN ('r', 'p', 'm') AND {_NOT_SYSTEM}
    ORDER BY size_bytes DESC, name
"""

# A table's own statistics, and not those of the table with its children.
COLUMNS: LiteralString = f"""
    SELECT c.oid, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null,
        s.n_distinct::float8 AS distinct, s.null_frac::float8 AS null_fraction, s.avg_width AS width_bytes,
        s.most_common_freqs[1]::float8 AS most_common_frequency
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
        AND s.inherited = (c.relkind = 'p')
    WHERE c.relkind IN ('r', 'p', 'm') AND {_NOT_SYSTEM}
    ORDER BY c.oid, a.attnum
"""

INDEXES: LiteralString = f"""
    SELECT i.relname AS name,
        CASE n.nspname WHEN 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS table,
        pg_get_indexdef(x.indexrelid) AS definition,
        ARRAY(SELECT coalesce(a.attname, pg_get_indexdef(x.indexrelid, k, true))
            FROM generate_series(1, x.indnkeyatts) AS k
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = x.indkey[k - 1] AND a.attnum > 0
            ORDER BY k) AS columns,
        m.amname AS method, x.indisunique AS unique, x.indisprimary AS primary, x.indpred IS NOT NULL AS partial,
        EXISTS (SELECT FROM pg_constraint p WHERE p.conindid = x.indexrelid) AS constraint,
        x.indisvalid AND x.indisready AND x.indislive AS valid, pg_relation_size(x.indexrelid) AS size_bytes,
        coalesce(s.idx_scan, 0) AS scans
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am m ON m.oid = i.relam
    LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = x.indexrelid
    WHERE {_NOT_SYSTEM}
    ORDER BY 2, 1
"""

# The same statement is there once for each role, and for top level and nested.
TOTALS = """
    SELECT queryid::text AS query_id, min(query) AS text, sum(calls)::bigint AS calls,
        (sum(total_exec_time) / 1000)::float8 AS total_s, sum(rows)::bigint AS rows,
        sum(shared_blks_hit)::bigint AS shared_blocks_hit, sum(shared_blks_read)::bigint AS shared_blocks_read
    FROM pg_stat_statements
    WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND queryid IS NOT NULL
        AND query <> '<insufficient privilege>'
    GROUP BY queryid
"""
