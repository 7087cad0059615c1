# The programs: nothing links against them but their own tests.
