"""scikit-learn's estimators of one matrix, converted by skl2onnx with its defaults: classifiers give maps by class."""
from skl2onnx import to_onnx
from sklearn import (calibration, cluster, cross_decomposition, decomposition, discriminant_analysis, ensemble, feature_selection, gaussian_process, impute, linear_model,
                     mixture, multiclass, multioutput, naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree)

from case import Case, X, asked, colours, np, positive, three, two, words, y

NAMES = ["a", "b", "c", "d"]
Ridge, Logistic = linear_model.Ridge, linear_model.LogisticRegression


def case(name, family, fitted, library, columns=NAMES, tolerance=1e-4, rows=asked, refused=None, options=None, opsets=None):
    model = to_onnx(fitted, X[:1], options=options and {id(fitted): options}, target_opset=opsets)
    return Case(name, family, model, {"X": rows}, library=library, columns=columns, tolerance=tolerance, refused=refused, example=rows)


def regressors():
    family = "scikit-learn regressors (skl2onnx)"
    estimators = [
        linear_model.LinearRegression(), Ridge(), linear_model.Lasso(0.01), linear_model.ElasticNet(0.01), linear_model.Lars(), linear_model.LassoLars(0.01), linear_model.OrthogonalMatchingPursuit(),
        linear_model.BayesianRidge(), linear_model.ARDRegression(), linear_model.HuberRegressor(), linear_model.TheilSenRegressor(random_state=0), linear_model.RANSACRegressor(random_state=0),
        linear_model.SGDRegressor(random_state=0), linear_model.QuantileRegressor(alpha=0.01), svm.LinearSVR(random_state=0), svm.SVR(), svm.NuSVR(), neighbors.KNeighborsRegressor(),
        tree.DecisionTreeRegressor(random_state=0), tree.ExtraTreeRegressor(random_state=0), ensemble.RandomForestRegressor(10, random_state=0), ensemble.ExtraTreesRegressor(10, random_state=0),
        ensemble.GradientBoostingRegressor(n_estimators=10, random_state=0), ensemble.HistGradientBoostingRegressor(max_iter=10, random_state=0), ensemble.AdaBoostRegressor(n_estimators=5, random_state=0),
        ensemble.BaggingRegressor(Ridge(), 5, random_state=0), ensemble.VotingRegressor([("r", Ridge()), ("t", tree.DecisionTreeRegressor(random_state=0))]),
        ensemble.StackingRegressor([("r", Ridge()), ("t", tree.DecisionTreeRegressor(max_depth=3, random_state=0))], Ridge()), neural_network.MLPRegressor(hidden_layer_sizes=(8,), max_iter=50, random_state=0),
        cross_decomposition.PLSRegression(2),
    ]
    for estimator in estimators:
        fitted = estimator.fit(X, y)
        # Numbers on a tree's threshold may fall to either side in float32; the rows asked lie on none of an unseeded split, and 0.001 is far below a leaf.
        yield case(type(fitted).__name__, family, fitted, {"variable": fitted.predict(asked)}, tolerance=1e-3)
    for estimator in [linear_model.PoissonRegressor(), linear_model.GammaRegressor(), linear_model.TweedieRegressor(power=1.5)]:
        fitted = estimator.fit(X, positive)
        yield case(type(fitted).__name__, family, fitted, {"variable": fitted.predict(asked)}, tolerance=1e-3)
    both = np.stack([y, -y], axis=1)
    for estimator in [multioutput.MultiOutputRegressor(Ridge()), linear_model.MultiTaskLasso(0.01)]:
        fitted = estimator.fit(X, both)
        yield case(type(fitted).__name__, family, fitted, {"variable": fitted.predict(asked)}, tolerance=1e-3)
    fitted = gaussian_process.GaussianProcessRegressor(gaussian_process.kernels.RBF(1.0), alpha=0.1).fit(X[:40], y[:40] - 10)
    yield case("GaussianProcessRegressor", family, fitted, {"GPmean": fitted.predict(asked)}, tolerance=1e-3)


def classifiers():
    family = "scikit-learn classifiers (skl2onnx, ZipMap)"
    estimators = [
        (Logistic(), two), (Logistic(), words), (Logistic(), colours), (linear_model.SGDClassifier(loss="log_loss", random_state=0), two), (linear_model.Perceptron(random_state=0), three),
        (linear_model.RidgeClassifier(), words), (svm.LinearSVC(random_state=0), two), (svm.SVC(), three), (svm.NuSVC(), colours), (naive_bayes.GaussianNB(), three), (naive_bayes.BernoulliNB(), words),
        (neighbors.KNeighborsClassifier(), colours), (tree.DecisionTreeClassifier(random_state=0), colours), (tree.ExtraTreeClassifier(random_state=0), two),
        (ensemble.RandomForestClassifier(10, random_state=0), three), (ensemble.ExtraTreesClassifier(10, random_state=0), words), (ensemble.GradientBoostingClassifier(n_estimators=8, random_state=0), two),
        (ensemble.HistGradientBoostingClassifier(max_iter=8, random_state=0), three), (ensemble.AdaBoostClassifier(n_estimators=5, random_state=0), two),
        (ensemble.BaggingClassifier(tree.DecisionTreeClassifier(max_depth=3), 5, random_state=0), two),
        (ensemble.VotingClassifier([("l", Logistic()), ("n", naive_bayes.GaussianNB())], voting="soft", flatten_transform=False), three),
        (ensemble.StackingClassifier([("l", Logistic()), ("n", naive_bayes.GaussianNB())], Logistic()), two), (neural_network.MLPClassifier(hidden_layer_sizes=(8,), max_iter=60, random_state=0), colours),
        (discriminant_analysis.LinearDiscriminantAnalysis(), three), (calibration.CalibratedClassifierCV(Logistic(), cv=2), two), (multiclass.OneVsRestClassifier(Logistic()), colours),
    ]
    seen = {}
    for estimator, target in estimators:
        fitted = estimator.fit(X, target)
        name = type(fitted).__name__
        seen[name] = seen.get(name, 0) + 1
        library = {"label" if name in ("RidgeClassifier", "LinearSVC") else "output_label": fitted.predict(asked)}
        if hasattr(fitted, "predict_proba"):
            library["output_probability"] = fitted.predict_proba(asked)
        if name == "OneVsRestClassifier":
            library.pop("output_probability")  # skl2onnx does not make them sum to 1 as scikit-learn does
        yield case(f"{name}_{seen[name]}", family, fitted, library, tolerance=1e-3)
    fitted = Logistic().fit(X, words)
    yield case("LogisticRegression_matrix", family, fitted, {"label": fitted.predict(asked), "probabilities": fitted.predict_proba(asked)}, options={"zipmap": False})
    yield case("LogisticRegression_columns", family, fitted, {"output_label": fitted.predict(asked)}, options={"zipmap": "columns"})
    yield case("LogisticRegression_raw", family, fitted, {"output_label": fitted.predict(asked)}, options={"raw_scores": True})
    # skl2onnx writes an operator that ONNX Runtime does not have.
    yield case("GaussianProcessClassifier", family, gaussian_process.GaussianProcessClassifier().fit(X, two), {}, refused="com.microsoft:Solve")
    for name, targets in [("MultiOutputClassifier_1", np.stack([two, three], axis=1)), ("MultiOutputClassifier_2", np.stack([words, colours], axis=1))]:
        several = multioutput.MultiOutputClassifier(Logistic()).fit(X, targets)
        library = {"label": several.predict(asked), **{f"probabilities_{at}": one for at, one in enumerate(several.predict_proba(asked))}}
        yield case(name, family, several, library, tolerance=1e-3)


def others():
    family = "scikit-learn outliers, clusters, transformers (skl2onnx)"
    for estimator in [ensemble.IsolationForest(n_estimators=10, random_state=0), neighbors.LocalOutlierFactor(novelty=True), svm.OneClassSVM(nu=0.1)]:
        fitted = estimator.fit(X)
        yield case(type(fitted).__name__, family, fitted, {"label": fitted.predict(asked)}, opsets={"": 17, "ai.onnx.ml": 3})
    for estimator in [cluster.KMeans(3, random_state=0, n_init=1), cluster.MiniBatchKMeans(3, random_state=0, n_init=1), mixture.GaussianMixture(3, random_state=0)]:
        fitted = estimator.fit(X)
        yield case(type(fitted).__name__, family, fitted, {"label": fitted.predict(asked)})
    holes = X.copy()
    holes[::7, 1] = np.nan
    transformers = [
        decomposition.PCA(2), decomposition.TruncatedSVD(2, random_state=0), preprocessing.StandardScaler(), preprocessing.MinMaxScaler(), preprocessing.MaxAbsScaler(), preprocessing.RobustScaler(),
        preprocessing.PowerTransformer(), preprocessing.PolynomialFeatures(2), preprocessing.KBinsDiscretizer(3, encode="ordinal"), preprocessing.Normalizer(), preprocessing.Binarizer(),
        impute.SimpleImputer(), feature_selection.SelectKBest(k=2), pipeline.make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(2), Ridge()),
    ]
    for estimator in transformers:
        missing = "Imputer" in type(estimator).__name__
        fitted = estimator.fit(holes if missing else X, y if not hasattr(estimator, "score_func") else two)
        rows = holes[:9] if missing else asked
        library = fitted.predict(rows) if hasattr(fitted, "predict") and hasattr(fitted, "steps") else fitted.transform(rows)
        yield case(type(fitted).__name__, family, fitted, {"variable": np.asarray(library)}, tolerance=1e-3, rows=rows)


def cases():
    for make in (regressors, classifiers, others):
        yield from make()
