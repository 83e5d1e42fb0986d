-- The conditions follow kstatus. Succeeded is the summary: Unknown while the run is active, then True or False for good.
-- No library is used, and no field is taken for granted: an error here would show as Unknown, and fail a sync hook.
local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end

local function health(word, condition)
  return { status = word, message = (condition.reason or word) .. ": " .. (condition.message or "") }
end

local succeeded = conditions["Succeeded"]
local stalled = conditions["Stalled"]
if succeeded == nil then
  return { status = "Progressing", message = "Waiting for the operator to look at it" }
end
if status.observedGeneration ~= nil and status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for the operator to look at the latest change" }
end
if succeeded.status == "True" then
  return health("Healthy", succeeded)
end
if succeeded.status == "False" then
  return health("Degraded", succeeded)
end
if stalled ~= nil and stalled.status == "True" then
  return health("Degraded", stalled)
end
if succeeded.reason == "Suspended" then
  return health("Suspended", succeeded)
end
return health("Progressing", succeeded)
