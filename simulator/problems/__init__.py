"""The problems; each module is imported only when it is used (control needs torch and MuJoCo)."""
