-- Reading the journal by pages, whatever lies behind them.

-- Of very many streams: those that lost entries after a position.
CREATE INDEX streams_pruned ON streams (pruned_pos) WHERE pruned_pos > 0;
