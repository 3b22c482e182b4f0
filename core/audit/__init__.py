"""The audit: a file of tweets is scored, judged by the context rules, and told in a folder that stands by itself.

    emotion_stats.csv           how often each of the 28 emotions occurs, how sure, and together with which
    emotion_errors_flagged.csv  the rows to look at: flagged, uncertain, or against the expected emotions
    summary.txt                 what was found, in words
    report.html                 the same with charts, in one file that opens without a network
    predictions.parquet         every row as the store takes it in
    audit.json                  what was audited by which versions, and the sha256 of the files above

An audit's id follows from what it is made of: the file's content, its columns, and the versions of the model, the
normaliser, the thresholds and the rules. The folder `audit-<id>` is there whole or not at all, and is taken as it is
when the same audit is asked for again. An audit that was stopped goes on from the rows that it had scored.

    scorer -> parts      rows are scored into numbered files, which a later run takes over
    parts -> findings    one pass counts, and writes the rows to look at
    findings -> tables, words, report
    folder               what is in the finished folder, how it is checked and put in place
    pipeline             all of it in order
"""

from core.audit.folder import Audit, read_audit
from core.audit.pipeline import audit, audit_id, scored_rows
from core.audit.source import AuditSource, guess_expected_column

__all__ = ["Audit", "AuditSource", "audit", "audit_id", "guess_expected_column", "read_audit", "scored_rows"]
