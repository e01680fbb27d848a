-- Keep a message that nobody can use as a dead letter, once. KEYS: tasks, dead. ARGV: group, message id, most kept,
-- acknowledge (1 = it has done its work), then the dead letter's fields. Returns its id, or nil when it was kept before.
local known = redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1)[1] == nil
for _, letter in ipairs(redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 50)) do
  for i = 1, #letter[2], 2 do
    if letter[2][i] == 'entry' and letter[2][i + 1] == ARGV[2] then known = true end
  end
end
local id = nil
if not known then id = redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[3], '*', unpack(ARGV, 5)) end
if ARGV[4] == '1' then
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
  redis.call('XDEL', KEYS[1], ARGV[2])
end
return id
