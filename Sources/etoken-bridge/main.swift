print("etoken-bridge")
