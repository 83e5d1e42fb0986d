-- Final: the run ends, and its targets get back what they had.
obj.spec.cancel = true
return obj
