-- Holds the start and new attempts. A copy that runs goes on.
obj.spec.suspend = true
return obj
