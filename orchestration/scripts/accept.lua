-- Take a task in, once, when there is a place for it.
-- KEYS: run, events, active, waiting, people, turns, pace, halted, awaiting, conversation (the last one only with a
--       conversation).
-- ARGV: id, task, accepted event, owner ('' = nobody yet), lease ms, deadline ms from now, hints channel,
--       conversation ('' = none), retention ms, person, places, places for waiting, the oldest schema that may drive it,
--       schema, what the key of a run begins with, by how much the person's turns are apart, queue ('' or 'background'),
--       how far behind all others its turns are.
-- Returns {status, now ms, begun (0 or 1), ...}. Status:
--   NEW      taken in
--   KNOWN    there was a run of this id; then come its task (nil = it was stopped before it arrived), state, owner, fence and
--            whether it was decided (0 or 1)
--   FULL     no place; then come the unfinished runs, and the ms until a place is expected (-1 = unknown)
--   YOURS    as FULL, because this person has half of all places, those for waiting included
--   HALTED   the operator stopped all agents; then comes why
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'task', 'state', 'owner', 'fence', 'begun', 'plan')
if known[2] then
  return {'KNOWN', now, known[5] == '0' and 0 or 1, known[1], known[2], known[3], known[4], known[6] and 1 or 0}
end
local halted = redis.call('GET', KEYS[8])
if halted then return {'HALTED', now, 0, halted} end
local id, person, places, more = ARGV[1], ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])
-- Those that await an approval hold no place and nobody up; they count for their person only.
local unfinished, waiting = redis.call('ZCARD', KEYS[3]) - redis.call('ZCARD', KEYS[9]), redis.call('ZCARD', KEYS[4])
local mine = tonumber(redis.call('HGET', KEYS[5], person) or '0')
local full = unfinished >= places + more
local greedy = mine > 0 and mine >= math.floor((places + more) / 2)
local pace = -1
if full or greedy or waiting > 0 or unfinished >= places then
  local took = redis.call('LRANGE', KEYS[7], 0, -1)
  local sum = 0
  for i = 1, #took do sum = sum + took[i] end
  if #took > 0 then pace = sum / #took / places end
end
if full then return {'FULL', now, 0, unfinished, math.floor(pace)} end
if greedy then return {'YOURS', now, 0, mine, math.floor(pace)} end
-- Between an end and the next beginning there is a free place for a moment: it is for those who wait.
local begun = waiting == 0 and unfinished < places and 1 or 0
local owned = ARGV[4] ~= ''
local till = owned and (now + ARGV[5]) or 0
-- Start-time fair queueing: a person's next turn comes after the person's last one and after whoever began last.
local queue, apart = ARGV[17], tonumber(ARGV[16])
local behind = queue == '' and 0 or tonumber(ARGV[18])
-- An older program that let one of the background begin took its place for its turn.
local last = tonumber(redis.call('HGET', KEYS[6], queue) or '0') % ARGV[18]
local turn = math.max(last, tonumber(redis.call('HGET', KEYS[6], queue .. ':' .. person) or '0')) + apart
redis.call('HSET', KEYS[6], queue .. ':' .. person, turn)
redis.call('HINCRBY', KEYS[5], person, 1)
redis.call('HSET', KEYS[1], 'state', 'running', 'task', ARGV[2], 'owner', ARGV[4], 'person', person,
  'fence', owned and 1 or 0, 'until', till, 'accepted', now, 'deadline', now + ARGV[6], 'schema', ARGV[13],
  'begun', begun == 1 and now or 0)
if queue ~= '' or apart ~= 1 then redis.call('HSET', KEYS[1], 'queue', queue, 'apart', ARGV[16]) end
redis.call('ZADD', KEYS[3], till, id)
redis.call('XADD', KEYS[2], '*', 'e', ARGV[3])
if begun == 1 then
  -- Nobody waits, so this is the turn that began last; it counts for who comes when somebody has to.
  redis.call('HSET', KEYS[6], queue, math.max(last, turn - apart))
else
  local ahead = redis.call('ZCOUNT', KEYS[4], '-inf', turn + behind)
  redis.call('ZADD', KEYS[4], turn + behind, id)
  local event = {v = ARGV[14], kind = 'waiting', run = id, ahead = ahead}
  if pace >= 0 then event.seconds = (ahead + 1) * pace / 1000 end
  redis.call('XADD', KEYS[2], '*', 'e', cjson.encode(event))
end
if ARGV[8] ~= '' then
  -- Runs that have expired leave the list of their thread, a few at a time.
  for i = 1, 10 do
    local oldest = redis.call('LINDEX', KEYS[10], 0)
    if not oldest or redis.call('EXISTS', ARGV[15] .. oldest) == 1 then break end
    redis.call('LPOP', KEYS[10])
  end
  redis.call('RPUSH', KEYS[10], id)
  redis.call('PEXPIRE', KEYS[10], ARGV[9])
end
if not owned then redis.call('PUBLISH', ARGV[7], '') end
return {'NEW', now, begun}
