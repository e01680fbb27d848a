-- A worker that was taken for dead is alive: the step did not kill it. Nothing when nobody took it for dead under this
-- fence, or when that was taken back already. KEYS: run. ARGV: step, the worker's stale fence.
if redis.call('HDEL', KEYS[1], ARGV[1] .. '.died.' .. ARGV[2]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], ARGV[1] .. '.deaths', -1)
