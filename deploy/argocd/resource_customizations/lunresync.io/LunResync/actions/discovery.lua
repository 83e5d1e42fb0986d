-- Nothing can be done to a run that has ended, is being cancelled, or is being deleted.
local over = obj.spec.cancel == true or obj.metadata.deletionTimestamp ~= nil
local conditions = obj.status and obj.status.conditions or {}
for _, condition in ipairs(conditions) do
  if condition.type == "Succeeded" and condition.status ~= "Unknown" then
    over = true
  end
end
local suspended = obj.spec.suspend == true

return {
  ["suspend"] = { ["disabled"] = over or suspended, ["iconClass"] = "fa fa-fw fa-pause" },
  ["resume"] = { ["disabled"] = over or not suspended, ["iconClass"] = "fa fa-fw fa-play" },
  ["cancel"] = { ["disabled"] = over, ["iconClass"] = "fa fa-fw fa-ban" },
}
