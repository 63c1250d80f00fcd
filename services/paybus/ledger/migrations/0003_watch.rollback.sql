DROP TABLE watch, watch_progress;
