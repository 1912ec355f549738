print("cluster-lab")
